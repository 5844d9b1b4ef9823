//! The private certificate authority of the tests, and certificates under it.
//!
//! One for all servers of a run, so that any two of them can be told to trust each other by one file.

use std::{path::Path, sync::LazyLock};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

static AUTHORITY: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, "Kith test authority");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
});

/// A certificate with its chain, and its private key, both as PEM.
pub(crate) struct Certificate {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Certificate {
    /// A certificate for host names and IP literals, without ports.
    pub(crate) fn issue(hosts: &[&str]) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params =
            CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, hosts[0]);
        let certificate = params.signed_by(&key, &*AUTHORITY).unwrap();
        Self { chain: certificate.pem() + &authority_pem(), key: key.serialize_pem() }
    }

    /// Writes `certificate.pem` and `key.pem`, and the authority beside them as `authority.pem`.
    pub(crate) fn write_into(&self, directory: &Path) {
        std::fs::write(directory.join("certificate.pem"), &self.chain).unwrap();
        std::fs::write(directory.join("key.pem"), &self.key).unwrap();
        std::fs::write(directory.join("authority.pem"), authority_pem()).unwrap();
    }
}

/// What has to be trusted to talk to the servers of the tests.
pub(crate) fn authority_pem() -> String {
    AUTHORITY.pem()
}
