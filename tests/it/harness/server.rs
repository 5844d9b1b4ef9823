//! Starts the `kith` binary on a temporary directory and stops it again.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, User};

/// The secret of `/_synapse/admin/v1/register` in tests.
pub(crate) const SHARED_SECRET: &str = "a shared secret for the tests";

/// A running server. Dropping it ends the process and removes its data.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
    pub(crate) directory: Arc<TempDir>,
    pub(crate) port: u16,
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// A server with open registration, cheap password hashes and no rate limits.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same, with more configuration: TOML, whose tables may extend the defaults below but not repeat them.
    pub(crate) async fn start_with(more: &str) -> Self {
        let directory = Arc::new(TempDir::new().unwrap());
        let port = free_port();
        let mut config = format!(
            "server_name = \"localhost\"\ndata_dir = \"{}\"\n",
            directory.path().join("data").display()
        );
        let tables = [
            ("[[listeners]]", format!("address = \"127.0.0.1:{port}\"\n")),
            ("[registration]", format!("mode = \"open\"\nshared_secret = \"{SHARED_SECRET}\"\n")),
            ("[passwords]", "memory_kib = 8192\niterations = 1\n".to_owned()),
            ("[rate_limits]", "enabled = false\n".to_owned()),
            ("[storage]", "memory_budget_mib = 64\n".to_owned()),
        ];
        // Keys before the first table of `more` belong to the top level.
        let (top, rest) = match more.find('[') {
            Some(start) => more.split_at(start),
            None => (more, ""),
        };
        config.push_str(top);
        for (name, body) in tables {
            if !rest.contains(name) {
                config.push_str(&format!("\n{name}\n{body}"));
            }
        }
        config.push_str(&format!("\n{rest}\n"));
        std::fs::write(directory.path().join("kith.toml"), config.replace("$PORT", &port.to_string())).unwrap();
        Self::run(directory, port).await
    }

    async fn run(directory: Arc<TempDir>, port: u16) -> Self {
        let mut child = Command::new(binary())
            .arg("--config")
            .arg(directory.path().join("kith.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", binary().display()));
        let log = Arc::new(Mutex::new(String::new()));
        let outputs: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let mut log = log.lock().unwrap();
                    log.push_str(&line);
                    log.push('\n');
                }
            });
        }
        let base = format!("http://127.0.0.1:{port}");
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let mut server = Self { base, http, directory, port, child, log };
        server.wait_until_ready().await;
        server
    }

    async fn wait_until_ready(&mut self) {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            if self.http.get(format!("{}/_kith/health", self.base)).send().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the server is not ready after 15 seconds:\n{}", self.log());
    }

    /// What the server has printed so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the server as an operator does, and starts it again over the same data.
    pub(crate) async fn restart(mut self) -> Self {
        self.terminate().await;
        Self::run(Arc::clone(&self.directory), self.port).await
    }

    /// Ends the server without a warning, and starts it again over the same data.
    pub(crate) async fn crash_and_restart(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Self::run(Arc::clone(&self.directory), self.port).await
    }

    /// Sends SIGTERM and waits for the end; panics if that takes over ten seconds or fails.
    pub(crate) async fn terminate(&mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        for _ in 0..440 {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "the server ended with {status}:\n{}", self.log());
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the server is still there eleven seconds after SIGTERM:\n{}", self.log());
    }

    /// Runs another `kith` command over this server's configuration; the output and whether it succeeded.
    pub(crate) fn command(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(binary())
            .arg("--config")
            .arg(self.directory.path().join("kith.toml"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (output.status.success(), text)
    }

    /// Where the configuration and the data directory are.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Registers a user with the dummy stage and the password `<name>-password`.
    pub(crate) async fn register(&self, name: &str) -> User {
        let body = json!({
            "username": name,
            "password": format!("{name}-password"),
            "device_id": format!("{}DEVICE", name.to_uppercase()),
            "auth": {"type": "m.login.dummy"},
        });
        let answer = self.anonymous("POST", "/_matrix/client/v3/register", Some(body)).await.ok();
        User::from_login(self, &answer)
    }

    /// Sends a request without a token.
    pub(crate) async fn anonymous(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        send(&self.http, &self.base, method, path, None, body).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the server's output ---\n{}", self.log());
        }
    }
}

/// Sends one request and reads the answer as JSON.
pub(crate) async fn send(
    http: &reqwest::Client,
    base: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Answer {
    let mut request = http.request(method.parse().unwrap(), format!("{base}{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { request: format!("{method} {path}"), status, headers, body }
}

/// The binary under test: `KITH_BIN`, or the one that cargo built beside this test.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("KITH_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join("kith");
    assert!(path.exists(), "build the server first: cargo build -p kith-server (or run tests/run)");
    path
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
