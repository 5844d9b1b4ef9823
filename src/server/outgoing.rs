//! The client for outgoing requests, the mailer and the directory of people, made from the configuration.

use kith_base::{
    Directory, DirectoryError, DirectoryOptions, Finding, MailError, MailOptions, MailTls, Mailer, Outgoing,
    OutgoingOptions, Random, outgoing::OutgoingError,
};
use kith_config::{Config, LdapMode};
use std::path::PathBuf;

/// Why the client could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("outgoing.extra_ca_certificates: {path}: {error}")]
    Certificate { path: PathBuf, error: std::io::Error },
    #[error("outgoing: {0}")]
    Client(#[from] OutgoingError),
    #[error("email: {0}")]
    Mail(#[from] MailError),
    #[error("ldap: {0}")]
    Directory(#[from] DirectoryError),
}

/// Reads the extra certificates and makes the client.
pub(crate) fn open(config: &kith_config::Outgoing) -> Result<Outgoing, OpenError> {
    let extra_ca_certificates = read_certificates(config)?;
    Ok(Outgoing::new(&OutgoingOptions {
        denied_addresses: config.denied_addresses.clone(),
        extra_ca_certificates,
        connect_timeout_ms: config.connect_timeout_ms,
        request_timeout_ms: config.request_timeout_ms,
        response_bytes_max: config.response_bytes_max,
    })?)
}

/// The mailer, if the configuration names a relay.
pub(crate) fn open_mailer(config: &Config, random: &Random) -> Result<Option<Mailer>, OpenError> {
    let email = &config.email;
    let (Some(host), Some(from)) = (&email.host, &email.from) else {
        return Ok(None);
    };
    let credentials = email.username.as_ref().zip(email.password.as_ref());
    let options = MailOptions {
        host: host.clone(),
        port: email.port,
        tls: match email.tls {
            kith_config::MailTls::None => MailTls::None,
            kith_config::MailTls::Starttls => MailTls::StartTls,
            kith_config::MailTls::Implicit => MailTls::Implicit,
        },
        credentials: credentials.map(|(name, password)| (name.clone(), password.reveal().to_owned())),
        from: from.clone(),
        extra_ca_certificates: read_certificates(&config.outgoing)?,
    };
    Ok(Some(Mailer::new(options, random.clone())?))
}

/// The directory, if the configuration names its servers.
pub(crate) fn open_directory(config: &Config) -> Result<Option<Directory>, OpenError> {
    let ldap = &config.ldap;
    if !ldap.is_on() {
        return Ok(None);
    }
    let searcher = ldap.bind_dn.as_ref().zip(ldap.bind_password.as_ref());
    let searcher = searcher.map(|(name, password)| (name.clone(), password.reveal().to_owned()));
    let options = DirectoryOptions {
        urls: ldap.servers.clone(),
        start_tls: ldap.start_tls,
        base: ldap.base.clone(),
        finding: match ldap.mode {
            LdapMode::Bind => Finding::ByName,
            LdapMode::Search => Finding::BySearch(searcher),
        },
        filter: ldap.filter.clone(),
        name_attribute: ldap.name_attribute.clone(),
        display_name_attribute: ldap.display_name_attribute.clone(),
        email_attribute: ldap.email_attribute.clone(),
        extra_ca_certificates: read_certificates(&config.outgoing)?,
    };
    Ok(Some(Directory::new(options)?))
}

fn read_certificates(config: &kith_config::Outgoing) -> Result<Vec<Vec<u8>>, OpenError> {
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|error| OpenError::Certificate { path: path.clone(), error })
    };
    config.extra_ca_certificates.iter().map(read).collect()
}
