//! ephemeral
