//! TLS: certificates from PEM files, and new ones without a restart.

use arc_swap::ArcSwap;
use kith_base::Tasks;
use kith_base::shutdown::ReloadSignal;
use kith_config::Listener;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// A certificate in use, and the files it came from.
pub(crate) struct Certificate {
    certificate_file: PathBuf,
    key_file: PathBuf,
    current: ArcSwap<Loaded>,
}

struct Loaded {
    config: Arc<ServerConfig>,
    stamp: Option<Stamp>,
}

/// What tells two versions of the files apart.
#[derive(PartialEq, Eq, Clone, Copy)]
struct Stamp {
    certificate: (SystemTime, u64),
    key: (SystemTime, u64),
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} holds no certificate in PEM form", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} holds no private key in PEM form (PKCS#8, PKCS#1 or SEC1)", .0.display())]
    NoKey(PathBuf),
    #[error("{} and {} cannot be used together: {source}", certificate.display(), key.display())]
    Unusable { certificate: PathBuf, key: PathBuf, source: rustls::Error },
}

impl Certificate {
    /// The certificate of a listener, if it has one.
    pub(crate) fn load(listener: &Listener) -> Result<Option<Certificate>, CertificateError> {
        let (Some(certificate_file), Some(key_file)) = (&listener.tls_certificate, &listener.tls_private_key)
        else {
            return Ok(None);
        };
        let loaded = read(certificate_file, key_file)?;
        Ok(Some(Certificate {
            certificate_file: certificate_file.clone(),
            key_file: key_file.clone(),
            current: ArcSwap::from_pointee(loaded),
        }))
    }

    /// Does the TLS handshake with the newest certificate.
    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.current.load().config);
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Takes over changed files. Broken ones are reported, and the certificate in use stays.
    fn refresh(&self, even_if_unchanged: bool) {
        let stamp = Stamp::of(&self.certificate_file, &self.key_file);
        if !even_if_unchanged && stamp == self.current.load().stamp {
            return;
        }
        match read(&self.certificate_file, &self.key_file) {
            Ok(loaded) => {
                self.current.store(Arc::new(loaded));
                tracing::info!(file = %self.certificate_file.display(), "read the certificate again");
            }
            Err(error) => {
                // The stamp is remembered all the same, so that one broken file is reported once.
                let config = Arc::clone(&self.current.load().config);
                self.current.store(Arc::new(Loaded { config, stamp }));
                tracing::error!(%error, "the new certificate cannot be used; the old one stays in use");
            }
        }
    }
}

/// Looks for changed files every few seconds, and at once on SIGHUP.
pub(super) async fn watch(certificates: Vec<Arc<Certificate>>, tasks: Tasks) {
    let stopping = tasks.stopping();
    let mut reload = ReloadSignal::listen().ok();
    loop {
        let asked = tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_INTERVAL) => false,
            () = next_reload(&mut reload) => true,
        };
        let certificates = certificates.clone();
        let look = move || certificates.iter().for_each(|certificate| certificate.refresh(asked));
        tasks.blocking(look).await;
    }
}

async fn next_reload(reload: &mut Option<ReloadSignal>) {
    match reload {
        Some(signal) => signal.next().await,
        None => std::future::pending().await,
    }
}

impl Stamp {
    fn of(certificate: &Path, key: &Path) -> Option<Stamp> {
        let stamp = |path: &Path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Some(Stamp { certificate: stamp(certificate)?, key: stamp(key)? })
    }
}

fn read(certificate_file: &Path, key_file: &Path) -> Result<Loaded, CertificateError> {
    // The stamp is taken first: if a file changes while it is read, the next look sees another stamp.
    let stamp = Stamp::of(certificate_file, key_file);
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })
    };
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_slice_iter(&read(certificate_file)?).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| CertificateError::NoCertificate(certificate_file.to_owned()))?;
    let key = PrivateKeyDer::from_pem_slice(&read(key_file)?)
        .map_err(|_error| CertificateError::NoKey(key_file.to_owned()))?;
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
    let mut config = config.map_err(|source| CertificateError::Unusable {
        certificate: certificate_file.to_owned(),
        key: key_file.to_owned(),
        source,
    })?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Loaded { config: Arc::new(config), stamp })
}

#[cfg(test)]
mod tests;
