//! `kith search …`: the index of messages and the user directory.

use super::give;
use crate::Failure;
use crate::cli::{SearchCommand, Settings};
use crate::open::Missing;
use crate::orders::Order;

/// Has it made anew.
pub(crate) fn run(settings: &Settings, command: &SearchCommand) -> Result<(), Failure> {
    match command {
        SearchCommand::Rebuild => give(settings, Missing::Refuse, &Order::RebuildSearch),
    }
}
