//! `kith check`: proves that everything in the data directory is consistent.

use crate::Failure;
use crate::cli::Settings;
use crate::open::{self, Ground, Missing};
use crate::wiring;
use kith_base::Tasks;
use kith_kv::{Direction, Engine, Family, KeyRange};
use kith_rooms::check::Finding;
use kith_store::catalog;

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
    let rows = read_everything(ground.store.engine())?;
    println!("Read {rows} rows.");
    let checked = wiring::rooms_alone(&ground)?.check()?;
    println!("Checked {} rooms with {} events.", checked.rooms, checked.events);
    let media = check_media(&ground)?;
    println!("Checked {} files of media in {} blobs.", media.files, media.blobs);
    let of_rooms = checked.findings.into_iter().map(|Finding { place, what }| (place, what));
    let findings: Vec<(String, String)> = of_rooms.chain(media.findings).collect();
    for (place, what) in findings.iter().take(PRINTED_FINDINGS_MAX) {
        println!("  {place}: {what}");
    }
    match findings.len() {
        0 => {
            println!("Everything is consistent.");
            Ok(())
        }
        findings => Err(Inconsistent(findings).into()),
    }
}

/// Reads all media, from wherever it is.
fn check_media(ground: &Ground) -> Result<kith_media::Checked, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(kith_media::check(&ground.store, &ground.config, &Tasks::new()))?)
}

/// Reads every row of every table once, since the storage engine notices damaged bytes when it reads them. Then looks
/// each row up, which takes another way through its files. Returns how many rows there are.
fn read_everything(engine: &dyn Engine) -> Result<u64, Failure> {
    let mut rows = 0;
    for (index, spec) in catalog::specs().iter().enumerate() {
        let family = Family(u16::try_from(index)?);
        let damaged = |error: kith_kv::Error| format!("table {}: {error}", spec.name);
        for row in engine.scan(family, KeyRange::prefix(&[]), Direction::Forward) {
            let (key, value) = row.map_err(damaged)?;
            if engine.get(family, &key).map_err(damaged)?.as_ref() != Some(&value) {
                return Err(format!("table {}: a row that is listed cannot be looked up", spec.name).into());
            }
            rows += 1;
        }
    }
    Ok(rows)
}
