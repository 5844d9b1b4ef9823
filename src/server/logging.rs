//! Logs: set up once, by the command that serves, on standard output. Other commands do not log: what they print is
//! their answer.

use kith_config::{LogFormat, Logging};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Parts that say at `info` what is only worth knowing when looking for a fault: ruma's rules tell of every event that
/// they allow. Whoever wants that names the part in `logging.level`.
const QUIET_PARTS: &str = "ruma_state_res=warn,tantivy=warn";

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("logging.level: {0}")]
pub(crate) struct LevelError(#[from] tracing_subscriber::filter::ParseError);

/// Reads the level; also what `config check` calls.
pub(crate) fn filter(logging: &Logging) -> Result<EnvFilter, LevelError> {
    // What comes later in the list wins, so an operator's own word about a quiet part counts.
    Ok(EnvFilter::builder().parse(format!("{QUIET_PARTS},{}", logging.level))?)
}

/// Begins to log.
pub(crate) fn start(logging: &Logging) -> Result<(), LevelError> {
    let builder = fmt().with_env_filter(filter(logging)?).with_writer(std::io::stdout);
    match logging.format {
        LogFormat::Text => builder.with_ansi(std::io::stdout().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}
