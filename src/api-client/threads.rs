//! The threads of a room, and those that a user wants to hear of.

mod get_thread_subscription;
mod get_thread_subscriptions_changes;
mod get_threads;
mod subscribe_thread;
mod unsubscribe_thread;

use kith_api_common::Router;

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_thread_subscription::handler)
        .endpoint(get_thread_subscriptions_changes::handler)
        .endpoint(get_threads::handler)
        .endpoint(subscribe_thread::handler)
        .endpoint(unsubscribe_thread::handler)
}
