//! Opening what every command works on: the configuration's server name, the data directory, the storage engine and
//! the accounts.

use crate::data_dir::{DataDir, DataDirError};
use kith_accounts::{Accounts, Appservices, Settings};
use kith_base::{Clock, Random};
use kith_config::{Config, Durability};
use kith_event::RoomVersion;
use kith_kv::rocks;
use kith_push::Mails;
use kith_store::{Store, catalog};
use ruma::{OwnedServerName, RoomVersionId, ServerName};
use std::sync::Arc;

/// The parts of the memory budget that the storage engine and the caches just above it get, in percent. The rest is for
/// the caches of the room domain.
const ENGINE_PERCENT: usize = 75;
const STORE_CACHES_PERCENT: usize = 12;
/// Threads that flush and compact: enough to keep up, and never so many that requests starve.
const BACKGROUND_JOBS_MIN: usize = 2;
const BACKGROUND_JOBS_MAX: usize = 8;

/// Why the data could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("server_name: {0:?} is no valid server name")]
    ServerName(String),
    #[error("rooms.default_room_version: {0:?} is not among the room versions this server knows")]
    RoomVersion(String),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error("{source}{}", if_locked(source))]
    Engine {
        #[from]
        source: kith_kv::Error,
    },
    #[error(transparent)]
    Store(#[from] kith_store::Error),
    #[error(transparent)]
    Media(#[from] kith_media::StorageError),
    #[error(transparent)]
    Search(#[from] kith_search::IndexError),
    #[error("appservices: {0}")]
    Appservices(#[from] kith_accounts::AppserviceError),
    #[error(transparent)]
    Mails(#[from] kith_accounts::MailTemplateError),
    #[error(transparent)]
    Sso(#[from] kith_sso::OpenError),
    #[error(transparent)]
    PushMails(#[from] kith_push::MailTemplateError),
}

fn if_locked(error: &kith_kv::Error) -> &'static str {
    match error {
        kith_kv::Error::Locked(_) => "; is the server running? Stop it first",
        _ => "",
    }
}

/// What lies below the room domain.
pub(crate) struct Ground {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) server_name: OwnedServerName,
    pub(crate) data_dir: DataDir,
    pub(crate) store: Arc<Store>,
    pub(crate) accounts: Arc<Accounts>,
    /// What mails about unread messages say.
    pub(crate) mails: Mails,
}

/// Whether a missing data directory is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Create,
    Refuse,
}

/// Opens the data directory and what stands on it.
pub(crate) fn open(config: Config, missing: Missing) -> Result<Ground, OpenError> {
    let (clock, random) = (Clock::system(), Random::system());
    let server_name = parse_server_name(&config)?;
    parse_room_version(&config)?;
    // Before the directory is made: a broken registration or template must not leave one behind.
    let appservices = read_appservices(&config, &server_name)?;
    let settings = Settings::new(server_name.clone(), &config)?;
    kith_sso::check(&config)?;
    let mails = Mails::read(&config.email)?;
    let data_dir = match missing {
        Missing::Create => DataDir::open_or_create(&config.data_dir, server_name.as_str(), &random)?,
        Missing::Refuse => DataDir::open(&config.data_dir, server_name.as_str(), &random)?,
    };
    let store = open_store(&config, &data_dir)?;
    let accounts = Accounts::open(Arc::clone(&store), clock.clone(), random.clone(), settings, appservices)?;
    Ok(Ground { config: Arc::new(config), clock, random, server_name, data_dir, store, accounts, mails })
}

/// Reads the server name, which the configuration has checked only roughly.
fn parse_server_name(config: &Config) -> Result<OwnedServerName, OpenError> {
    ServerName::parse(&config.server_name).map_err(|_| OpenError::ServerName(config.server_name.clone()))
}

/// What can be said about a configuration without touching the data.
pub(crate) fn check(config: &Config) -> Result<(), OpenError> {
    let server_name = parse_server_name(config)?;
    parse_room_version(config)?;
    read_appservices(config, &server_name)?;
    Settings::new(server_name, config)?;
    kith_sso::check(config)?;
    Mails::read(&config.email)?;
    Ok(())
}

/// A room version that rooms can be made with.
fn parse_room_version(config: &Config) -> Result<(), OpenError> {
    let version = &config.rooms.default_room_version;
    let known = RoomVersionId::try_from(version.as_str()).ok().as_ref().and_then(RoomVersion::get);
    known.map(|_| ()).ok_or_else(|| OpenError::RoomVersion(version.clone()))
}

fn read_appservices(config: &Config, server_name: &ServerName) -> Result<Appservices, OpenError> {
    match &config.appservices.directory {
        Some(directory) => Ok(Appservices::read(directory, server_name)?),
        None => Ok(Appservices::default()),
    }
}

fn open_store(config: &Config, data_dir: &DataDir) -> Result<Arc<Store>, OpenError> {
    let budget_bytes = config.storage.memory_budget_bytes();
    let engine_bytes = budget_bytes / 100 * ENGINE_PERCENT;
    let cores = std::thread::available_parallelism().map_or(BACKGROUND_JOBS_MIN, usize::from);
    let durable = config.storage.durability == Durability::Fsync;
    let engine = rocks::open(
        &data_dir.database(),
        &catalog::specs(),
        &rocks::Options {
            memory_budget_bytes: engine_bytes,
            durability: if durable { rocks::Durability::Synced } else { rocks::Durability::Relaxed },
            background_jobs_max: cores.clamp(BACKGROUND_JOBS_MIN, BACKGROUND_JOBS_MAX),
            ..rocks::Options::default()
        },
    )?;
    let options = kith_store::Options {
        durability: if durable { kith_store::Durability::Fsync } else { kith_store::Durability::Relaxed },
        cache_bytes: (budget_bytes / 100 * STORE_CACHES_PERCENT) as u64,
    };
    Ok(Store::open(Arc::new(engine), options)?)
}
