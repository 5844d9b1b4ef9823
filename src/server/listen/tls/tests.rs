//! Certificates are loaded in every usual form, and replaced only by good ones.

use super::{Certificate, CertificateError};
use kith_config::Listener;
use std::path::PathBuf;
use std::sync::Arc;

struct Files {
    _directory: tempfile::TempDir,
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new() -> Files {
        // A second installation fails and changes nothing; tests of one process share the provider.
        let _already = rustls::crypto::ring::default_provider().install_default();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let files = Files {
            certificate: directory.path().join("certificate.pem"),
            key: directory.path().join("key.pem"),
            _directory: directory,
        };
        files.renew();
        files
    }

    fn renew(&self) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        std::fs::write(&self.certificate, made.cert.pem()).expect("written");
        std::fs::write(&self.key, made.signing_key.serialize_pem()).expect("written");
    }

    fn load(&self) -> Result<Certificate, CertificateError> {
        let listener = Listener {
            tls_certificate: Some(self.certificate.clone()),
            tls_private_key: Some(self.key.clone()),
            ..Listener::default()
        };
        Certificate::load(&listener).map(|certificate| certificate.expect("both files are named"))
    }
}

#[test]
fn a_renewed_certificate_is_taken_over_and_a_broken_one_is_not() {
    let files = Files::new();
    let certificate = files.load().expect("a good pair");
    let first = Arc::clone(&certificate.current.load().config);

    certificate.refresh(false);
    assert!(Arc::ptr_eq(&first, &certificate.current.load().config), "nothing has changed");

    files.renew();
    certificate.refresh(true);
    let second = Arc::clone(&certificate.current.load().config);
    assert!(!Arc::ptr_eq(&first, &second));

    std::fs::write(&files.key, "no key at all").expect("written");
    certificate.refresh(false);
    assert!(Arc::ptr_eq(&second, &certificate.current.load().config), "the good one stays");
}

#[test]
fn broken_files_are_told_apart() {
    let files = Files::new();
    std::fs::write(&files.key, "").expect("written");
    assert!(matches!(files.load().err(), Some(CertificateError::NoKey(_))));
    files.renew();
    std::fs::write(&files.certificate, "").expect("written");
    assert!(matches!(files.load().err(), Some(CertificateError::NoCertificate(_))));
    let other = Files::new();
    std::fs::copy(&other.certificate, &files.certificate).expect("copied");
    assert!(matches!(files.load().err(), Some(CertificateError::Unusable { .. })));
    std::fs::remove_file(&files.key).expect("removed");
    assert!(matches!(files.load().err(), Some(CertificateError::Unreadable { .. })));
}
