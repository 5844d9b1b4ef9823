//! `[federation]`: which other servers this one talks to.

use serde::{Deserialize, Serialize};

/// Which other servers this one talks to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Federation {
    /// False: this server stays alone; other servers neither reach it nor are asked.
    pub enabled: bool,

    /// Talk only to these servers. Empty: to every server. Patterns with `*` and `?`.
    pub allowed_servers: Vec<String>,

    /// Never talk to these servers, even if allowed above. Patterns with `*` and `?`.
    pub denied_servers: Vec<String>,
}

impl Default for Federation {
    fn default() -> Federation {
        Federation { enabled: true, allowed_servers: Vec::new(), denied_servers: Vec::new() }
    }
}
