//! The commands beside `serve`: each does one thing and ends.

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod key;
pub(crate) mod search;
pub(crate) mod user;

use crate::Failure;
use crate::cli::Settings;
use crate::control;
use crate::open::{self, Missing};
use crate::orders::{Hands, Order};

/// Has an order carried out: by the server that runs on the data directory, or right here if none does.
fn give(settings: &Settings, missing: Missing, order: &Order) -> Result<(), Failure> {
    let config = settings.load()?;
    let done = match control::send(&config.data_dir, order)? {
        Some(done) => done,
        None => Hands::of(&open::open(config, missing)?).carry_out(order)?,
    };
    println!("{done}");
    Ok(())
}
