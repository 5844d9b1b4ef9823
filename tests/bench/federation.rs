//! Two servers that share rooms: what one user of the guest's server sees of what happens on the host's.
//!
//! A program beside this one starts the servers and stops them when asked ([`servers`]); the scenarios are in the
//! files below, in the order they run, and all of them use the same two servers.

mod catch_up;
mod join;
mod latency;
mod page;
mod pair;
mod servers;

use crate::Outcome;
use crate::arguments::Federation;
use crate::report::{Failure, Row};
use pair::Pair;

pub(crate) use page::run as render;

/// Names and what they answer.
const SCENARIOS: [(&str, &str); 3] =
    [(join::NAME, join::QUESTION), (latency::NAME, latency::QUESTION), (catch_up::NAME, catch_up::QUESTION)];

/// Runs all or the chosen scenarios; gives whether every one could be finished.
pub(crate) async fn measure(arguments: Federation) -> Outcome<bool> {
    if let Some(unknown) = arguments.only.iter().find(|only| SCENARIOS.iter().all(|(name, _)| name != only)) {
        let names = SCENARIOS.map(|(name, _)| name).join(", ");
        return Err(format!("no scenario is called {unknown}; there are {names}").into());
    }
    let (only, out) = (arguments.only.clone(), arguments.out.clone());
    let mut pair = Pair::open(arguments).await?;
    println!("{}", Row::heading());
    for (name, _question) in SCENARIOS {
        if !only.is_empty() && !only.iter().any(|only| only == name) {
            continue;
        }
        pair.scenario = name;
        if let Err(error) = Box::pin(run(name, &mut pair)).await {
            eprintln!("{name}: {error}");
            pair.report.failures.push(Failure { scenario: name.to_owned(), error: error.to_string() });
        }
        // After each scenario, so that a run that is cut short leaves what it has.
        if let Some(out) = &out {
            pair.report.write(out)?;
        }
    }
    let finished = pair.report.failures.is_empty();
    pair.close().await?;
    Ok(finished)
}

async fn run(name: &str, pair: &mut Pair) -> Outcome<()> {
    match name {
        join::NAME => join::run(pair).await,
        latency::NAME => latency::run(pair).await,
        catch_up::NAME => catch_up::run(pair).await,
        unknown => Err(format!("no scenario is called {unknown}").into()),
    }
}
