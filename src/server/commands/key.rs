//! `kith key`: the key that signs for this server.

use crate::Failure;
use crate::cli::{KeyCommand, Settings};
use crate::open::{self, Missing};
use kith_peers::signing_key;

/// Changes the signing key.
pub(crate) fn run(settings: &Settings, command: &KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Rotate => rotate(settings),
    }
}

/// Opens all data although only the key's file changes: so no running server can go on with the key that expires now.
fn rotate(settings: &Settings) -> Result<(), Failure> {
    let ground = open::open(settings.load()?, Missing::Refuse)?;
    let old = ground.data_dir.signing_key.id();
    let new = signing_key::rotate(ground.data_dir.path(), &ground.random, ground.clock.now_ms())?;
    println!("{old} has expired; this server signs with {} from its next start on.", new.id());
    println!("Keep a new copy of {}.", signing_key::FILE_NAME);
    Ok(())
}
