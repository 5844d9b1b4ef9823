//! `kith check`: proves that everything in the data directory is consistent.

use crate::Failure;
use crate::cli::Settings;
use crate::open::{self, Missing};
use crate::wiring;
use kith_rooms::check::Finding;

/// How many findings are printed; the rest is counted.
const PRINTED_FINDINGS_MAX: usize = 100;

/// Some rows contradict each other.
#[derive(Debug, thiserror::Error)]
#[error("the data is inconsistent: {0} findings")]
struct Inconsistent(usize);

/// Checks the data directory.
pub(crate) fn run(settings: &Settings) -> Result<(), Failure> {
    let config = settings.load()?;
    let ground = open::open(config, Missing::Refuse)?;
    let checked = wiring::rooms(&ground).check()?;
    println!("Checked {} rooms with {} events.", checked.rooms, checked.events);
    for Finding { place, what } in checked.findings.iter().take(PRINTED_FINDINGS_MAX) {
        println!("  {place}: {what}");
    }
    match checked.findings.len() {
        0 => {
            println!("Everything is consistent.");
            Ok(())
        }
        findings => Err(Inconsistent(findings).into()),
    }
}
