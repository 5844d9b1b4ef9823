//! `kith backup`: a copy of all data, made while the server runs or while it does not.

use super::give;
use crate::Failure;
use crate::cli::Settings;
use crate::open::Missing;
use crate::orders::Order;
use std::path::Path;

/// Makes the copy in `directory`.
pub(crate) fn run(settings: &Settings, directory: &Path) -> Result<(), Failure> {
    // The server may run in another working directory than this command.
    let directory = std::path::absolute(directory)?;
    give(settings, Missing::Refuse, &Order::Backup { directory })
}
