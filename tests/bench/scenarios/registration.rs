//! Accounts made and devices logged in.

use crate::Outcome;
use crate::load;
use crate::measure::Pace;
use crate::session::Session;
use crate::world::World;
use std::sync::Arc;

pub(crate) const NAME: &str = "registration";
pub(crate) const QUESTION: &str = "Accounts and logins. Nearly all of it is the password hash, whose cost each server \
    chooses; it is as installed.";

const AT_ONCE: usize = 4;

pub(crate) async fn run(world: &mut World) -> Outcome<()> {
    let names: Vec<String> =
        (0..world.scale.registrations).map(|index| world.user_name(&index.to_string())).collect();
    let server = &world.server;
    let running = world.probe.start();
    let register = |name: String| async move { server.register(&name).await };
    let (users, latencies) = load::for_each(names, AT_ONCE, register).await?;
    let registered = running.finish("register", Pace::Full, users.len(), &latencies);

    let running = world.probe.start();
    let log_in = |user: Session| {
        let server = Arc::clone(server);
        async move { server.log_in(user.user_id()).await }
    };
    let (devices, latencies) = load::for_each(users, AT_ONCE, log_in).await?;
    let logged_in = running.finish("log in", Pace::Full, devices.len(), &latencies);
    world.record(registered);
    world.record(logged_in);
    Ok(())
}
