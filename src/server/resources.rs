//! What the process asks of the system before it begins.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Allows as many open files as the system permits at all.
///
/// Every connection and every data file is one, and many systems begin with 1,024. The administrator's hard limit
/// stays what it is.
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })
    {
        tracing::warn!(%error, current = ?limit.current, "could not raise the limit of open files");
    }
}
