//! `complement/`: that its configuration is one, and that its start script makes a server of it, without a container.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Program, Running, free_port, http_client};

/// An address that no other test serves on, since the name of the server has no port.
const HOST: &str = "127.0.0.48";

fn files() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("complement")
}

/// The suite's side: an authority in `ca/`, and the directory of one container.
struct Suite {
    directory: TempDir,
    client_port: u16,
    federation_port: u16,
}

impl Suite {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        std::fs::create_dir(directory.path().join("ca")).unwrap();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=suite", "-days", "2"])
            .args(["-keyout", "ca/ca.key", "-out", "ca/ca.crt"])
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self { directory, client_port: free_port(HOST), federation_port: free_port(HOST) }
    }

    /// The start script, listening where this test may.
    fn start_script(&self, server_name: &str) -> Program {
        let listeners = format!(
            "[{{address=\"{HOST}:{}\"}}, {{address=\"{HOST}:{}\", tls_certificate=\"certificate.pem\", \
             tls_private_key=\"key.pem\"}}]",
            self.client_port, self.federation_port
        );
        let path = |name: &str| self.directory.path().join(name).display().to_string();
        Program::script(self.directory.path(), &files().join("start"))
            .environment("SERVER_NAME", server_name)
            .environment("COMPLEMENT_CA", &path("ca"))
            .environment("COMPLEMENT_STATE", &path("state"))
            .environment("KITH_LISTENERS", &listeners)
    }

    /// A client of the suite, which believes nobody but its authority and finds the server by its name.
    fn client(&self, server_name: &str) -> reqwest::Client {
        let authority = std::fs::read(self.directory.path().join("ca/ca.crt")).unwrap();
        drop(http_client());
        reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&authority).unwrap()])
            .resolve(server_name, (HOST.parse::<std::net::Ipv4Addr>().unwrap(), self.federation_port).into())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.client_port)
    }

    async fn wait_until_healthy(&self, client: &reqwest::Client, running: &mut Running) {
        for _ in 0..600 {
            assert!(!running.has_ended(), "the server ended");
            let asked = client.get(self.url("/_matrix/client/versions")).send().await;
            if asked.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the server is not healthy after 15 seconds");
    }

    /// The names of the server that its federation port states over TLS.
    async fn named_over_tls(&self, client: &reqwest::Client, host: &str) -> Value {
        let url = format!("https://{host}:{}/_matrix/key/v2/server", self.federation_port);
        let text = client.get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["server_name"].clone()
    }
}

#[test]
fn the_configuration_is_accepted_as_it_is() {
    let suite = Suite::new();
    let script = suite.start_script("hs1").without("KITH_LISTENERS").arguments(&["config", "check"]);
    let output = script.run().ok();
    assert!(output.contains("hs1") && output.contains("open"), "{output}");
    let text = std::fs::read_to_string(files().join("kith.toml")).unwrap();
    let known = ["0.0.0.0:8008", "0.0.0.0:8448", "shared_secret = \"complement\"\n"];
    assert!(known.iter().all(|what| text.contains(what)), "the ports and the secret that the suite knows");
}

#[tokio::test]
async fn the_script_serves_clients_and_tls_and_keeps_what_is_there() {
    let suite = Suite::new();
    let client = suite.client("hs1");
    let mut running = suite.start_script("hs1").start();
    suite.wait_until_healthy(&client, &mut running).await;
    assert_eq!(suite.named_over_tls(&client, "hs1").await, "hs1");
    let body = json!({"username": "alice", "password": "x", "auth": {"type": "m.login.dummy"}});
    let registered = client.post(suite.url("/_matrix/client/v3/register")).json(&body).send().await.unwrap();
    assert_eq!(registered.status(), 200, "one request makes an account");
    let directory = client.get(suite.url("/_matrix/client/v3/publicRooms")).send().await.unwrap();
    assert_eq!(directory.status(), 200, "the directory needs no account");
    drop(running);

    let certificate = || std::fs::read(suite.directory.path().join("state/certificate.pem")).unwrap();
    let before = certificate();
    std::fs::remove_dir_all(suite.directory.path().join("bin")).unwrap();
    let mut running = suite.start_script("hs1").start();
    suite.wait_until_healthy(&client, &mut running).await;
    assert_ne!(certificate(), before, "each start makes a certificate");
    let login = json!({"type": "m.login.password", "password": "x",
                       "identifier": {"type": "m.id.user", "user": "alice"}});
    let login = client.post(suite.url("/_matrix/client/v3/login")).json(&login).send().await.unwrap();
    assert_eq!(login.status(), 200, "a container that was stopped has its accounts when it starts again");
}

#[tokio::test]
async fn an_address_with_a_port_is_a_name_too() {
    let suite = Suite::new();
    let client = suite.client("unused.example");
    let name = format!("{HOST}:{}", suite.federation_port);
    let mut running = suite.start_script(&name).start();
    suite.wait_until_healthy(&client, &mut running).await;
    assert_eq!(suite.named_over_tls(&client, HOST).await, *name);
}
