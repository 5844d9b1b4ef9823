//! The `kith` program: the command line, the wiring of all services, listeners, jobs.
//!
//! Deliberately absent: any rule of Matrix, and what an endpoint answers.

mod cli;
mod commands;
mod control;
mod data_dir;
mod figures;
mod jobs;
mod listen;
mod logging;
mod notify;
mod open;
mod orders;
mod outgoing;
mod password;
mod resources;
mod serve;
pub mod simulated;
mod start_message;
mod wiring;

use clap::Parser;
use cli::{Cli, Command};
use std::process::ExitCode;

/// Whatever ends a command early; its text is for the operator.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The program: does what its command line says.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Before anything can ask for TLS: without a default provider the first handshake would panic.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("kith: another TLS provider is installed already");
        return ExitCode::FAILURE;
    }
    let outcome = match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(&cli.settings),
        Command::User(command) => commands::user::run(&cli.settings, command),
        Command::Config(command) => commands::config::run(&cli.settings, &command),
        Command::Key(command) => commands::key::run(&cli.settings, &command),
        Command::Backup { directory } => commands::backup::run(&cli.settings, &directory),
        Command::Search(command) => commands::search::run(&cli.settings, &command),
        Command::Check => commands::check::run(&cli.settings),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A configuration can be wrong in several places, one a line.
            for line in error.to_string().lines() {
                eprintln!("kith: {line}");
            }
            ExitCode::FAILURE
        }
    }
}
