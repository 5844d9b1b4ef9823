//! TLS: every usual kind of certificate, and new ones without a restart.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use crate::harness::{Program, Server, free_port, http_client};

/// The server looks at its files every few seconds.
const RELOAD_TIME_MAX: Duration = Duration::from_secs(20);

/// A certificate authority of our own, and the files of one listener.
struct Files {
    directory: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Files {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { directory: TempDir::new().unwrap(), authority }
    }

    fn path(&self, file: &str) -> String {
        self.directory.path().join(file).display().to_string()
    }

    /// Writes a certificate for a name, with a key from the file `key.pem` or a new one.
    fn issue(&self, name: &str, key_file: Option<&Path>) {
        let (key, text) = match key_file {
            Some(path) => {
                let text = std::fs::read_to_string(path).unwrap();
                (KeyPair::from_pem(&text).unwrap(), text)
            }
            None => {
                let key = KeyPair::generate().unwrap();
                let text = key.serialize_pem();
                (key, text)
            }
        };
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        let chain = certificate.pem() + &self.authority.pem();
        std::fs::write(self.path("certificate.pem"), chain).unwrap();
        std::fs::write(self.path("key.pem"), text).unwrap();
    }

    fn config(&self, port: u16) -> String {
        format!(
            "[[listeners]]\naddress = \"127.0.0.1:$PORT\"\n\n[[listeners]]\naddress = \"127.0.0.1:{port}\"\n\
             tls_certificate = \"{}\"\ntls_private_key = \"{}\"\n",
            self.path("certificate.pem"),
            self.path("key.pem"),
        )
    }

    /// Asks over a new connection, by name; the protocol version of the answer.
    async fn ask(&self, name: &str, port: u16) -> Result<reqwest::Version, reqwest::Error> {
        let authority = reqwest::Certificate::from_pem(self.authority.pem().as_bytes()).unwrap();
        drop(http_client());
        let client = reqwest::Client::builder()
            .tls_certs_only([authority])
            .resolve(name, ([127, 0, 0, 1], port).into())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        let answer = client.get(format!("https://{name}:{port}/_matrix/client/versions")).send().await?;
        assert_eq!(answer.status(), 200);
        Ok(answer.version())
    }

    async fn wait_for(&self, name: &str, port: u16) {
        let deadline = Instant::now() + RELOAD_TIME_MAX;
        while let Err(error) = self.ask(name, port).await {
            assert!(Instant::now() < deadline, "{name}: {error:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().expect("the openssl command");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

async fn start(files: &Files) -> (Server, u16) {
    let port = free_port("127.0.0.1");
    (Server::start_with(&files.config(port)).await, port)
}

fn hang_up(server: &Server) {
    let sent = Command::new("kill").args(["-HUP", &server.pid().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test]
async fn an_ecdsa_certificate_serves_both_versions_of_http() {
    let files = Files::new();
    files.issue("kith.example", None);
    let (server, port) = start(&files).await;
    assert_eq!(files.ask("kith.example", port).await.unwrap(), reqwest::Version::HTTP_2);
    assert!(files.ask("other.example", port).await.is_err(), "the certificate speaks for one name");
    // The plain listener beside it is plain.
    server.anonymous("GET", "/_matrix/client/versions", None).await.ok();
    let plain = http_client().get(format!("http://127.0.0.1:{port}/_matrix/client/versions")).send().await;
    assert!(plain.is_err(), "nothing is served without TLS there");
    assert_eq!(files.ask("kith.example", port).await.unwrap(), reqwest::Version::HTTP_2);
    server.wait_for_log(&format!("https://127.0.0.1:{port}")).await;
}

#[tokio::test]
async fn keys_in_every_usual_form_are_read() {
    let files = Files::new();
    let (rsa, pkcs1, ec, sec1) =
        (files.path("rsa"), files.path("pkcs1"), files.path("ec"), files.path("sec1"));
    openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", &rsa]);
    openssl(&["rsa", "-in", &rsa, "-traditional", "-out", &pkcs1]);
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &ec]);
    openssl(&["ec", "-in", &ec, "-out", &sec1]);
    let header = |path: &str| std::fs::read_to_string(path).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(header(&pkcs1), "-----BEGIN RSA PRIVATE KEY-----");
    assert_eq!(header(&sec1), "-----BEGIN EC PRIVATE KEY-----");
    for (pkcs8, other) in [(&rsa, &pkcs1), (&ec, &sec1)] {
        for key in [pkcs8, other] {
            files.issue("kith.example", Some(Path::new(pkcs8)));
            std::fs::copy(key, files.path("key.pem")).unwrap();
            let (_server, port) = start(&files).await;
            files.ask("kith.example", port).await.unwrap_or_else(|error| panic!("{key}: {error:?}"));
        }
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_over() {
    let files = Files::new();
    files.issue("first.example", None);
    let (server, port) = start(&files).await;
    files.ask("first.example", port).await.unwrap();
    files.issue("second.example", None);
    hang_up(&server);
    files.wait_for("second.example", port).await;
    assert!(files.ask("first.example", port).await.is_err());
    // And without being told, a little later.
    files.issue("third.example", None);
    files.wait_for("third.example", port).await;
    // A broken file changes nothing.
    std::fs::write(files.path("certificate.pem"), "half a certif").unwrap();
    hang_up(&server);
    tokio::time::sleep(Duration::from_millis(500)).await;
    files.ask("third.example", port).await.unwrap();
    assert!(server.log().contains("certificate.pem"), "{}", server.log());
    files.issue("fourth.example", None);
    hang_up(&server);
    files.wait_for("fourth.example", port).await;
}

#[tokio::test]
async fn certificates_that_cannot_be_used_are_named() {
    let files = Files::new();
    let refused = |named: &[&str]| {
        let config = files.config(free_port("127.0.0.1")).replace("$PORT", "0");
        std::fs::write(files.path("kith.toml"), config).unwrap();
        for arguments in [&["config", "check"][..], &["serve"]] {
            Program::new(files.directory.path()).arguments(arguments).run().failed(named);
        }
        assert!(!files.directory.path().join("kith-data").exists(), "no data is left behind");
    };
    refused(&["certificate.pem"]);
    files.issue("kith.example", None);
    std::fs::write(files.path("key.pem"), "no key").unwrap();
    refused(&["key.pem"]);
    files.issue("kith.example", None);
    std::fs::write(files.path("key.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    refused(&["certificate.pem", "key.pem"]);
}
