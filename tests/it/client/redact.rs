//! Taking events away.

mod redact_event;
