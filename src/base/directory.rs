//! A directory of people (LDAP): whether a name and a password belong together, and what the directory says of whoever
//! has them. <https://www.rfc-editor.org/rfc/rfc4511>
//!
//! Every question has a connection of its own, since being connected as somebody is what the answer consists in. Names
//! come from strangers: they are escaped wherever they stand in what is sent.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures_util::FutureExt;
use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, SearchOptions, SearchResult,
    dn_escape, ldap_escape,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::sync::Semaphore;

/// How many questions are asked at the same time; further ones wait.
const ASKING_AT_ONCE_MAX: usize = 16;
/// How long a question may take, waiting included.
const ASKING_TIME_MAX: Duration = Duration::from_secs(15);
/// How long it may take to reach one server of the directory.
const CONNECTING_TIME_MAX: Duration = Duration::from_secs(4);
/// How many entries a search asks for: whether there is one, and whether there is another.
const ENTRIES_MAX: i32 = 2;

// What a directory answers (RFC 4511, appendix A).
const SUCCESS: u32 = 0;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const NO_SUCH_OBJECT: u32 = 32;
/// What it answers to somebody who may not come in, whyever: the wrong password, no such entry, a name that cannot be
/// one, an entry without a password, rules of its own.
const TURNED_AWAY: [u32; 6] = [19, NO_SUCH_OBJECT, 34, 48, 49, 53];

/// How a directory is asked.
#[derive(Clone, Debug)]
pub struct DirectoryOptions {
    /// Its servers (`ldap://` or `ldaps://`), which are tried in this order.
    pub urls: Vec<String>,
    /// Whether to go on by TLS after a beginning in the clear.
    pub start_tls: bool,
    /// The entry below which people are.
    pub base: String,
    /// How to find somebody's entry.
    pub finding: Finding,
    /// What an entry has to be like, as a filter in parentheses.
    pub filter: Option<String>,
    /// The attribute with the name that people log in by.
    pub name_attribute: String,
    /// The attribute with what others see.
    pub display_name_attribute: String,
    /// The attribute with the email address.
    pub email_attribute: String,
    /// PEM texts of certificate authorities that are trusted besides the system's.
    pub extra_ca_certificates: Vec<Vec<u8>>,
}

/// How to find somebody's entry.
#[derive(Clone, Debug)]
pub enum Finding {
    /// It stands right below the base, under their name.
    ByName,
    /// It is looked for below the base, by somebody who may: a name and a password, or nobody in particular.
    BySearch(Option<(String, String)>),
}

/// What a directory says of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryPerson {
    /// What others see.
    pub display_name: Option<String>,
    /// Their email address.
    pub email: Option<String>,
}

/// Why a directory gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The options do not make a directory.
    #[error("{0}")]
    Options(String),
    /// It cannot be reached, or breaks off.
    #[error("the directory cannot be reached: {0}")]
    Unreachable(String),
    /// It does not let this server look for people.
    #[error("the directory does not let this server ask: {0}")]
    Refused(String),
    /// It does not answer in time.
    #[error("the directory does not answer in time")]
    Timeout,
    /// Its answer cannot be read.
    #[error("the directory's answer cannot be read")]
    Malformed,
}

impl From<LdapError> for DirectoryError {
    fn from(error: LdapError) -> Self {
        match error {
            LdapError::Timeout { .. } => Self::Timeout,
            other => Self::Unreachable(other.to_string()),
        }
    }
}

/// Asks a directory. Clones share the same limit.
#[derive(Clone)]
pub struct Directory {
    options: Arc<DirectoryOptions>,
    tls: Arc<ClientConfig>,
    turns: Arc<Semaphore>,
}

impl Directory {
    /// A directory with these options. Nobody is asked before somebody logs in.
    pub fn new(options: DirectoryOptions) -> Result<Self, DirectoryError> {
        if let Some(filter) = &options.filter
            && ldap3::parse_filter(filter).is_err()
        {
            return Err(DirectoryError::Options(format!("{filter:?} is no filter")));
        }
        let tls = Arc::new(protection(&options.extra_ca_certificates)?);
        Ok(Self { options: Arc::new(options), tls, turns: Arc::new(Semaphore::new(ASKING_AT_ONCE_MAX)) })
    }

    /// Whoever has this name and this password; none if nobody has.
    pub async fn find(&self, name: &str, password: &str) -> Result<Option<DirectoryPerson>, DirectoryError> {
        // To connect with a name and no password succeeds, and proves nothing (RFC 4513, section 5.1.2).
        if name.is_empty() || password.is_empty() {
            return Ok(None);
        }
        let asking = async {
            // The semaphore is never closed, so this waits and does not fail.
            let _turn = self.turns.acquire().await;
            self.ask(name, password).await
        };
        // The library panics where an answer is not what it should be.
        match tokio::time::timeout(ASKING_TIME_MAX, AssertUnwindSafe(asking).catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panicked)) => Err(DirectoryError::Malformed),
            Err(_elapsed) => Err(DirectoryError::Timeout),
        }
    }

    async fn ask(&self, name: &str, password: &str) -> Result<Option<DirectoryPerson>, DirectoryError> {
        let mut failed = DirectoryError::Unreachable("there are no servers of it".to_owned());
        for url in &self.options.urls {
            let settings = LdapConnSettings::new()
                .set_conn_timeout(CONNECTING_TIME_MAX)
                .set_starttls(self.options.start_tls)
                .set_config(Arc::clone(&self.tls));
            match LdapConnAsync::with_settings(settings, url).await {
                Ok((connection, ldap)) => return self.converse(connection, ldap, name, password).await,
                Err(error) => failed = error.into(),
            }
        }
        Err(failed)
    }

    /// Asks over a connection, which is kept going meanwhile.
    async fn converse(
        &self,
        connection: LdapConnAsync,
        mut ldap: Ldap,
        name: &str,
        password: &str,
    ) -> Result<Option<DirectoryPerson>, DirectoryError> {
        let question = async {
            let answer = match &self.options.finding {
                Finding::ByName => self.find_by_name(&mut ldap, name, password).await,
                Finding::BySearch(searcher) => {
                    self.find_by_search(&mut ldap, searcher.as_ref(), name, password).await
                }
            };
            // A matter of courtesy: the answer is the same.
            let _bye = ldap.unbind().await;
            answer
        };
        let (mut question, mut connection) = (pin!(question), pin!(connection.drive().fuse()));
        loop {
            tokio::select! {
                biased;
                answer = &mut question => return answer,
                // The answer may have come just before; where it has not, the question ends by itself.
                _ended = &mut connection => {}
            }
        }
    }

    async fn find_by_name(
        &self,
        ldap: &mut Ldap,
        name: &str,
        password: &str,
    ) -> Result<Option<DirectoryPerson>, DirectoryError> {
        let entry = self.entry_of(name);
        if !connect_as(ldap, &entry, password).await? {
            return Ok(None);
        }
        let filter = self.options.filter.as_deref();
        let found = self.search(ldap, &entry, Scope::Base, filter.unwrap_or("(objectClass=*)")).await;
        match (found, filter) {
            (Ok(Some((_, person))), _) => Ok(Some(person)),
            // Not everybody may read their own entry; only where there is a condition does that matter.
            (Ok(None) | Err(DirectoryError::Refused(_)), None) => Ok(Some(DirectoryPerson::default())),
            (Ok(None), Some(_)) => Ok(None),
            (Err(error), _) => Err(error),
        }
    }

    async fn find_by_search(
        &self,
        ldap: &mut Ldap,
        searcher: Option<&(String, String)>,
        name: &str,
        password: &str,
    ) -> Result<Option<DirectoryPerson>, DirectoryError> {
        if let Some((searcher, password)) = searcher
            && !connect_as(ldap, searcher, password).await?
        {
            return Err(DirectoryError::Refused(format!("{searcher} is turned away")));
        }
        let filter = self.filter_of(name);
        let Some((entry, person)) = self.search(ldap, &self.options.base, Scope::Subtree, &filter).await?
        else {
            return Ok(None);
        };
        Ok(connect_as(ldap, &entry, password).await?.then_some(person))
    }

    /// The only entry that fits; none if there is none, or another.
    async fn search(
        &self,
        ldap: &mut Ldap,
        base: &str,
        scope: Scope,
        filter: &str,
    ) -> Result<Option<(String, DirectoryPerson)>, DirectoryError> {
        let options = &self.options;
        let wanted = [options.display_name_attribute.as_str(), options.email_attribute.as_str()];
        let limited = ldap.with_search_options(SearchOptions::new().sizelimit(ENTRIES_MAX));
        let SearchResult(entries, result) = limited.search(base, scope, filter, wanted).await?;
        match result.rc {
            SUCCESS => {}
            SIZE_LIMIT_EXCEEDED | NO_SUCH_OBJECT => return Ok(None),
            _ => return Err(DirectoryError::Refused(result.to_string())),
        }
        let mut entries = entries.into_iter().filter(|entry| !entry.is_ref() && !entry.is_intermediate());
        let (Some(entry), None) = (entries.next(), entries.next()) else {
            return Ok(None);
        };
        let entry = SearchEntry::construct(entry);
        let values: BTreeMap<String, String> = entry
            .attrs
            .into_iter()
            .filter_map(|(name, values)| Some((name.to_lowercase(), values.into_iter().next()?)))
            .collect();
        let value = |attribute: &str| values.get(&attribute.to_lowercase()).cloned();
        let person = DirectoryPerson {
            display_name: value(&options.display_name_attribute),
            email: value(&options.email_attribute),
        };
        Ok(Some((entry.dn, person)))
    }

    fn entry_of(&self, name: &str) -> String {
        format!("{}={},{}", self.options.name_attribute, dn_escape(name), self.options.base)
    }

    fn filter_of(&self, name: &str) -> String {
        let by_name = format!("({}={})", self.options.name_attribute, ldap_escape(name));
        match &self.options.filter {
            Some(filter) => format!("(&{by_name}{filter})"),
            None => by_name,
        }
    }
}

/// Whether the directory lets somebody in.
async fn connect_as(ldap: &mut Ldap, entry: &str, password: &str) -> Result<bool, DirectoryError> {
    let result = ldap.simple_bind(entry, password).await?;
    match result.rc {
        SUCCESS => Ok(true),
        turned_away if TURNED_AWAY.contains(&turned_away) => Ok(false),
        _ => Err(DirectoryError::Refused(result.to_string())),
    }
}

/// Whom to believe: what the system believes, and what the operator adds.
fn protection(extra_ca_certificates: &[Vec<u8>]) -> Result<ClientConfig, DirectoryError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in extra_ca_certificates.iter().flat_map(|pem| CertificateDer::pem_slice_iter(pem)) {
        let wrong = |error: &dyn std::fmt::Display| DirectoryError::Options(error.to_string());
        roots.add(certificate.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| DirectoryError::Options(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(filter: Option<&str>) -> Result<Directory, DirectoryError> {
        Directory::new(DirectoryOptions {
            urls: vec!["ldap://127.0.0.1:1".to_owned()],
            start_tls: false,
            base: "ou=people,dc=example".to_owned(),
            finding: Finding::ByName,
            filter: filter.map(str::to_owned),
            name_attribute: "uid".to_owned(),
            display_name_attribute: "cn".to_owned(),
            email_attribute: "mail".to_owned(),
            extra_ca_certificates: Vec::new(),
        })
    }

    #[test]
    fn names_stay_names() {
        let directory = directory(Some("(memberOf=cn=chat,dc=example)")).expect("is one");
        assert_eq!(directory.filter_of("alice"), "(&(uid=alice)(memberOf=cn=chat,dc=example))");
        let wild = directory.filter_of("*)(uid=\\admin\0");
        assert_eq!(wild, "(&(uid=\\2a\\29\\28uid=\\5cadmin\\00)(memberOf=cn=chat,dc=example))");
        assert_eq!(directory.entry_of("alice"), "uid=alice,ou=people,dc=example");
        let elsewhere = directory.entry_of(" a,ou=admins+uid=\"b\" ");
        assert_eq!(elsewhere, "uid=\\20a\\2cou\\3dadmins\\2buid\\3d\\22b\\22\\20,ou=people,dc=example");
    }

    #[test]
    fn a_filter_is_checked_before_anybody_is_asked() {
        assert!(directory(Some("(objectClass=person)")).is_ok());
        for wrong in ["(objectClass=person", "objectClass", "((", ""] {
            assert!(matches!(directory(Some(wrong)), Err(DirectoryError::Options(_))), "{wrong}");
        }
    }

    #[tokio::test]
    async fn no_password_is_no_proof() {
        // Nobody is asked: there is nobody at this address.
        assert_eq!(directory(None).expect("is one").find("alice", "").await.expect("is known"), None);
        let unreachable = directory(None).expect("is one").find("alice", "x").await;
        assert!(matches!(unreachable, Err(DirectoryError::Unreachable(_))), "{unreachable:?}");
    }
}
