//! The scenarios, in the order they run; one file each.

mod idle_polls;
mod initial_sync;
mod joins;
mod media;
mod paging;
mod push;
mod registration;
mod room_creation;
mod search;
mod send_to_sync;
mod sending;
mod sliding_sync;
mod state_growth;
mod wake_growth;

use crate::Outcome;
use crate::arguments::Measure;
use crate::homeserver::Homeserver;
use crate::measure::Probe;
use crate::process;
use crate::report::{Failure, Report, Row};
use crate::world::World;
use std::sync::Arc;

/// Names and what they answer; `compare` shows them in this order.
pub(crate) const SCENARIOS: [(&str, &str); 14] = [
    (registration::NAME, registration::QUESTION),
    (room_creation::NAME, room_creation::QUESTION),
    (sending::NAME, sending::QUESTION),
    (send_to_sync::NAME, send_to_sync::QUESTION),
    (paging::NAME, paging::QUESTION),
    (initial_sync::NAME, initial_sync::QUESTION),
    (wake_growth::NAME, wake_growth::QUESTION),
    (sliding_sync::NAME, sliding_sync::QUESTION),
    (state_growth::NAME, state_growth::QUESTION),
    (joins::NAME, joins::QUESTION),
    (push::NAME, push::QUESTION),
    (idle_polls::NAME, idle_polls::QUESTION),
    (media::NAME, media::QUESTION),
    (search::NAME, search::QUESTION),
];

/// Runs all or the chosen scenarios; gives whether every one could be finished.
pub(crate) async fn measure(arguments: Measure) -> Outcome<bool> {
    if let Some(unknown) = arguments.only.iter().find(|only| SCENARIOS.iter().all(|(name, _)| name != only)) {
        let names = SCENARIOS.map(|(name, _)| name).join(", ");
        return Err(format!("no scenario is called {unknown}; there are {names}").into());
    }
    let server = Homeserver::new(&arguments.base, arguments.shared_secret, arguments.appservice_token)?;
    let report = Report {
        label: arguments.label,
        note: arguments.note,
        version: server.find_version().await,
        scale: arguments.scale.as_str().to_owned(),
        machine: process::machine(),
        rows: Vec::new(),
        failures: Vec::new(),
    };
    let probe = Probe { server: Arc::clone(&server), pids: arguments.pid, data_dirs: arguments.data_dir };
    let mut world = World::new(server, probe, arguments.scale.sizes(), report);
    world.index_size_command = arguments.index_size_command;
    println!("{}", Row::heading());
    for (name, _question) in SCENARIOS {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|only| only == name) {
            continue;
        }
        world.scenario = name;
        if let Err(error) = Box::pin(run(name, &mut world)).await {
            eprintln!("{name}: {error}");
            world.report.failures.push(Failure { scenario: name.to_owned(), error: error.to_string() });
        }
        // After each scenario, so that a run that is cut short leaves what it has.
        if let Some(out) = &arguments.out {
            world.report.write(out)?;
        }
    }
    Ok(world.report.failures.is_empty())
}

async fn run(name: &str, world: &mut World) -> Outcome<()> {
    match name {
        registration::NAME => registration::run(world).await,
        room_creation::NAME => room_creation::run(world).await,
        sending::NAME => sending::run(world).await,
        send_to_sync::NAME => send_to_sync::run(world).await,
        paging::NAME => paging::run(world).await,
        initial_sync::NAME => initial_sync::run(world).await,
        wake_growth::NAME => wake_growth::run(world).await,
        sliding_sync::NAME => sliding_sync::run(world).await,
        state_growth::NAME => state_growth::run(world).await,
        joins::NAME => joins::run(world).await,
        push::NAME => push::run(world).await,
        idle_polls::NAME => idle_polls::run(world).await,
        media::NAME => media::run(world).await,
        search::NAME => search::run(world).await,
        unknown => Err(format!("no scenario is called {unknown}").into()),
    }
}
