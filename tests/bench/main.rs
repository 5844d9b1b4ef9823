//! `kith-bench`: drives any Matrix homeserver over the plain client-server API and reports what it took.
//!
//! `measure` runs the scenarios against one server, `compare` sets two reports side by side; the script `run` beside
//! this file does everything for Kith and Synapse on one machine. `federation` runs the scenarios of two servers that
//! share rooms, `compare-pairs` sets its reports side by side; the script is `run-federation`. Nothing here knows which
//! server it talks to.
#![expect(
    clippy::disallowed_methods,
    reason = "a load generator measures real time and makes its own connections"
)]

mod arguments;
mod compare;
mod federation;
mod gateway;
mod homeserver;
mod listeners;
mod load;
mod measure;
mod process;
mod prose;
mod report;
mod scale;
mod scenarios;
mod session;
mod world;

use arguments::{Arguments, Command};
use clap::Parser;
use std::error::Error;
use std::process::ExitCode;

/// What a step of a scenario gives: the server's refusal ends the scenario, not the run.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    // Only http:// is ever asked for; the client still wants to know who would do its TLS.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let done = match Arguments::parse().command {
        Command::Measure(arguments) => scenarios::measure(arguments).await,
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Federation(arguments) => federation::measure(arguments).await,
        Command::ComparePairs(arguments) => federation::render(&arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("kith-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
