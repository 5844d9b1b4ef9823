//! `[logging]`: what is logged, and how it looks.

use serde::{Deserialize, Serialize};

/// What is logged, and how it looks. Logs go to standard output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logging {
    /// "error", "warn", "info", "debug" or "trace", or a list such as "info,kith_sync=debug" that sets single parts
    /// of the server apart.
    pub level: String,

    /// "text" for people, "json" (one object a line) for programs that collect logs.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl Default for Logging {
    fn default() -> Logging {
        Logging { level: "info".to_owned(), format: LogFormat::Text }
    }
}
