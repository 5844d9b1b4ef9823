//! Push rules, pushers and the list of notifications.

mod delete_pushrule;
mod get_notifications;
mod get_pushers;
mod get_pushrule;
mod get_pushrule_actions;
mod get_pushrule_enabled;
mod get_pushrules_all;
mod get_pushrules_global_scope;
mod set_pusher;
mod set_pushrule;
mod set_pushrule_actions;
mod set_pushrule_enabled;
mod show_unsubscribe;
mod unsubscribe;

use kith_api_common::{ApiError, Call, Router};
use ruma::push::{AnyPushRule, RuleKind};

pub(crate) fn routes(router: Router) -> Router {
    router
        .endpoint(get_pushrules_all::handler)
        .endpoint(get_pushrules_global_scope::handler)
        .endpoint(get_pushrule::handler)
        .endpoint(set_pushrule::handler)
        .endpoint(delete_pushrule::handler)
        .endpoint(get_pushrule_enabled::handler)
        .endpoint(set_pushrule_enabled::handler)
        .endpoint(get_pushrule_actions::handler)
        .endpoint(set_pushrule_actions::handler)
        .endpoint(get_notifications::handler)
        .endpoint(get_pushers::handler)
        .endpoint(set_pusher::handler)
        .endpoint_raw(show_unsubscribe::handler)
        .endpoint_raw(unsubscribe::handler)
}

/// The requester's rule of this kind and id.
fn find_rule(call: &Call, kind: RuleKind, rule_id: &str) -> Result<AnyPushRule, ApiError> {
    let requester = call.requester()?;
    let ruleset = call.app.push.ruleset(requester.user, &requester.user_id)?;
    let rule = ruleset.get(kith_push::named(kind), rule_id).map(|rule| rule.to_owned());
    rule.ok_or_else(|| ApiError::not_found("There is no such push rule"))
}
