//! Logs: set up once, on standard error, so that standard output stays for what a command answers.

use kith_config::{LogFormat, Logging};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("logging.level: {0}")]
pub(crate) struct LevelError(#[from] tracing_subscriber::filter::ParseError);

/// Reads the level; also what `config check` calls.
pub(crate) fn filter(logging: &Logging) -> Result<EnvFilter, LevelError> {
    Ok(EnvFilter::builder().parse(&logging.level)?)
}

/// Begins to log.
pub(crate) fn start(logging: &Logging) -> Result<(), LevelError> {
    let builder = fmt().with_env_filter(filter(logging)?).with_writer(std::io::stderr);
    match logging.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}
