//! What can be wrong with a configuration, told so that the operator finds the place.

use crate::Config;
use figment::error::{Kind, OneOf};
use figment::{Metadata, Source};
use std::fmt;
use std::path::PathBuf;

/// Why a configuration was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something in it is unknown, of the wrong kind or out of bounds.
    #[error("{}", list(.0))]
    Wrong(Vec<Problem>),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The key, with its section: `registration.mode`. Empty when the text as a whole is wrong.
    pub key: String,
    /// What is wrong with it.
    pub message: String,
    /// Where the value comes from: a file, an environment variable or a flag; nothing when it is a default.
    pub origin: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(formatter, "{}: ", self.key)?;
        }
        formatter.write_str(&self.message)?;
        match &self.origin {
            Some(origin) => write!(formatter, " (in {origin})"),
            None => Ok(()),
        }
    }
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> ConfigError {
        ConfigError::Wrong(error.into_iter().map(Problem::from).collect())
    }
}

impl From<figment::Error> for Problem {
    fn from(error: figment::Error) -> Problem {
        let origin = error.metadata.as_ref().and_then(name_origin);
        let message = match &error.kind {
            Kind::UnknownField(_found, known) => format!("unknown key; known here: {}", known.join(", ")),
            Kind::UnknownVariant(found, known) => {
                format!("{found:?} is not one of the values {}", OneOf(known))
            }
            Kind::InvalidType(found, expected) => format!("found {found}, expected {expected}"),
            other => other.to_string(),
        };
        Problem { key: error.path.join("."), message, origin }
    }
}

/// The file, variable or flag a value comes from; nothing for a default.
pub(crate) fn name_origin(metadata: &Metadata) -> Option<String> {
    match &metadata.source {
        Some(Source::Code(_)) => None,
        Some(source) => Some(source.to_string()),
        None if metadata.name == std::any::type_name::<Config>() => None,
        None => Some(metadata.name.to_string()),
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}
