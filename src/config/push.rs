//! `[push]`: telling users of messages while no client of theirs looks.

use serde::{Deserialize, Serialize};

/// Telling users of messages while no client of theirs looks, by way of push gateways and by mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Push {
    /// Let users name push gateways that are reached without encryption (http://). For gateways in your own network,
    /// whose addresses also have to be taken out of outgoing.denied_addresses.
    pub allow_http_gateways: bool,

    /// Tell push gateways which event it is about and nothing more, whatever the client asks for. Mails then leave out
    /// what messages say.
    pub event_id_only: bool,

    /// How many seconds a message has to be unread before a mail tells of it.
    pub mail_delay_seconds: u64,

    /// How many seconds have to pass between two mails about the same room. Further ones come less and less often.
    pub mail_pause_seconds: u64,
}

impl Default for Push {
    fn default() -> Push {
        Push {
            allow_http_gateways: false,
            event_id_only: false,
            mail_delay_seconds: 600,
            mail_pause_seconds: 600,
        }
    }
}
