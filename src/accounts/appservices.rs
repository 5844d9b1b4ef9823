//! Application services: their registration files, and what belongs to whom.
//! <https://spec.matrix.org/v1.19/application-service-api/#registration>

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use kith_config::Secret;
use regex::Regex;
use ruma::{OwnedUserId, RoomAliasId, RoomId, ServerName, UserId};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::TokenHash;

/// How many registration files are read.
const APPSERVICES_MAX: usize = 1000;

/// Every registered application service.
#[derive(Clone, Debug, Default)]
pub struct Appservices(Vec<Arc<Appservice>>);

/// An application service.
pub struct Appservice {
    /// Its id, which never changes.
    pub id: String,
    /// Where events are sent to; nowhere, if unset.
    pub url: Option<String>,
    /// What this server shows it.
    pub hs_token: Secret,
    /// The user it acts as unless it says otherwise.
    pub sender: OwnedUserId,
    /// Users that it owns.
    pub users: Vec<Namespace>,
    /// Aliases that it owns.
    pub aliases: Vec<Namespace>,
    /// Rooms that it hears of.
    pub rooms: Vec<Namespace>,
    /// The protocols it bridges to.
    pub protocols: Vec<String>,
    /// Whether it is sent typing, receipts, presence and to-device messages.
    pub receive_ephemeral: bool,
    /// Whether what its users do is counted against the rate limits; what its own user does never is.
    pub rate_limited: bool,
    /// Whether it hears of changed device lists and one-time keys, for bridges that encrypt.
    pub msc3202: bool,
    as_token: TokenHash,
}

/// Names that an application service is interested in.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Nobody else may have these names.
    pub exclusive: bool,
    regex: Regex,
}

/// Why a registration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AppserviceError {
    /// The file or directory cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not a registration.
    #[error("{path}: {message}")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Two files have the same id or token.
    #[error("{path}: another registration has the same {what}")]
    Twice {
        /// The second of them.
        path: PathBuf,
        /// The id or the token.
        what: &'static str,
    },
    /// There are too many files.
    #[error("more than {APPSERVICES_MAX} registrations")]
    TooMany,
}

#[derive(Deserialize)]
struct RegistrationFile {
    id: String,
    #[serde(default)]
    url: Option<String>,
    as_token: String,
    hs_token: String,
    sender_localpart: String,
    #[serde(default)]
    namespaces: NamespacesFile,
    #[serde(default)]
    protocols: Option<Vec<String>>,
    #[serde(default, alias = "de.sorunome.msc2409.push_ephemeral", alias = "push_ephemeral")]
    receive_ephemeral: bool,
    #[serde(default = "rate_limited_by_default")]
    rate_limited: bool,
    #[serde(default, rename = "org.matrix.msc3202")]
    msc3202: bool,
}

fn rate_limited_by_default() -> bool {
    true
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamespacesFile {
    users: Option<Vec<NamespaceFile>>,
    aliases: Option<Vec<NamespaceFile>>,
    rooms: Option<Vec<NamespaceFile>>,
}

#[derive(Deserialize)]
struct NamespaceFile {
    #[serde(default)]
    exclusive: bool,
    regex: String,
}

impl Appservices {
    /// Reads every `*.yaml` and `*.yml` of a directory, in the order of their names.
    pub fn read(directory: &Path, server_name: &ServerName) -> Result<Self, AppserviceError> {
        let mut services = Self::default();
        for path in registration_files(directory)? {
            let text = fs::read_to_string(&path)
                .map_err(|source| AppserviceError::Io { path: path.clone(), source })?;
            services.add(&path, Appservice::parse(&text, server_name).map_err(malformed(&path))?)?;
        }
        Ok(services)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Appservice>> {
        self.0.iter()
    }

    /// The one with this id.
    pub fn find(&self, id: &str) -> Option<&Arc<Appservice>> {
        self.0.iter().find(|service| service.id == id)
    }

    /// The one that a token belongs to. Every token is compared, and each in the same time, so that the time says
    /// nothing about which one was nearly right.
    pub fn find_by_token(&self, token: &TokenHash) -> Option<&Arc<Appservice>> {
        let mut found = None;
        for service in &self.0 {
            if bool::from(service.as_token.0.ct_eq(&token.0)) {
                found = Some(service);
            }
        }
        found
    }

    /// The one that has a user id for itself.
    pub fn exclusive_owner(&self, user_id: &UserId) -> Option<&Arc<Appservice>> {
        self.0
            .iter()
            .find(|service| service.sender == user_id || exclusively(&service.users, user_id.as_str()))
    }

    /// The one that has an alias for itself.
    pub fn exclusive_alias_owner(&self, alias: &RoomAliasId) -> Option<&Arc<Appservice>> {
        self.0.iter().find(|service| exclusively(&service.aliases, alias.as_str()))
    }

    /// Adds one, unless it is there already under another file's name.
    pub fn add(&mut self, path: &Path, service: Appservice) -> Result<(), AppserviceError> {
        if self.0.len() == APPSERVICES_MAX {
            return Err(AppserviceError::TooMany);
        }
        let twice = |what| AppserviceError::Twice { path: path.to_owned(), what };
        if self.find(&service.id).is_some() {
            return Err(twice("id"));
        }
        if self.find_by_token(&service.as_token).is_some() {
            return Err(twice("as_token"));
        }
        self.0.push(Arc::new(service));
        Ok(())
    }
}

impl Appservice {
    /// Reads a registration.
    pub fn parse(yaml: &str, server_name: &ServerName) -> Result<Self, String> {
        let file: RegistrationFile = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
        for (name, text) in [("id", &file.id), ("as_token", &file.as_token), ("hs_token", &file.hs_token)] {
            if text.is_empty() {
                return Err(format!("{name} is empty"));
            }
        }
        let sender = UserId::parse(format!("@{}:{server_name}", file.sender_localpart))
            .map_err(|error| format!("sender_localpart: {error}"))?;
        Ok(Self {
            id: file.id,
            url: file.url.map(|url| url.trim_end_matches('/').to_owned()).filter(|url| !url.is_empty()),
            hs_token: Secret::new(file.hs_token),
            sender,
            users: compile(file.namespaces.users)?,
            aliases: compile(file.namespaces.aliases)?,
            rooms: compile(file.namespaces.rooms)?,
            protocols: file.protocols.unwrap_or_default(),
            receive_ephemeral: file.receive_ephemeral,
            rate_limited: file.rate_limited,
            msc3202: file.msc3202,
            as_token: TokenHash::of(&file.as_token),
        })
    }

    /// Whether it may act as a user of this server: its own user, or one in its namespaces.
    pub fn owns_user(&self, user_id: &UserId) -> bool {
        self.sender == user_id || matches(&self.users, user_id.as_str())
    }

    /// Whether an alias is in its namespaces.
    pub fn is_interested_in_alias(&self, alias: &RoomAliasId) -> bool {
        matches(&self.aliases, alias.as_str())
    }

    /// Whether a room is in its namespaces.
    pub fn is_interested_in_room(&self, room_id: &RoomId) -> bool {
        matches(&self.rooms, room_id.as_str())
    }
}

impl Namespace {
    /// Whether a name is one of these.
    pub fn contains(&self, name: &str) -> bool {
        self.regex.is_match(name)
    }
}

impl fmt::Debug for Appservice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Appservice").field("id", &self.id).finish_non_exhaustive()
    }
}

fn matches(namespaces: &[Namespace], name: &str) -> bool {
    namespaces.iter().any(|namespace| namespace.contains(name))
}

fn exclusively(namespaces: &[Namespace], name: &str) -> bool {
    namespaces.iter().any(|namespace| namespace.exclusive && namespace.contains(name))
}

/// Expressions hold from the beginning of a name on, not necessarily to its end: so registrations are written.
fn compile(files: Option<Vec<NamespaceFile>>) -> Result<Vec<Namespace>, String> {
    let compile = |file: NamespaceFile| {
        let regex = Regex::new(&format!("^(?:{})", file.regex)).map_err(|error| error.to_string())?;
        Ok(Namespace { exclusive: file.exclusive, regex })
    };
    files.unwrap_or_default().into_iter().map(compile).collect()
}

fn registration_files(directory: &Path) -> Result<Vec<PathBuf>, AppserviceError> {
    let io = |source| AppserviceError::Io { path: directory.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn malformed(path: &Path) -> impl FnOnce(String) -> AppserviceError {
    let path = path.to_owned();
    move |message| AppserviceError::Malformed { path, message }
}
