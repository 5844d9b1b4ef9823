//! Starts the `kith` binary on a temporary directory and stops it again.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Answer, User,
    program::{Program, binary},
};

/// The secret of `/_synapse/admin/v1/register` in tests.
pub(crate) const SHARED_SECRET: &str = "a shared secret for the tests";

/// A running server. Dropping it ends the process and removes its data.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
    pub(crate) directory: Arc<TempDir>,
    pub(crate) port: u16,
    /// What users and other servers call it.
    pub(crate) name: String,
    host: String,
    child: Child,
    log: Arc<Mutex<String>>,
}

/// Where a server is going to run: its directory, and the address of its clients.
pub(crate) struct Place {
    pub(crate) directory: Arc<TempDir>,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Place {
    pub(crate) fn new(host: &str) -> Self {
        Self { directory: Arc::new(TempDir::new().unwrap()), host: host.to_owned(), port: free_port(host) }
    }
}

impl Server {
    /// A server with open registration, cheap password hashes and no rate limits.
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same, with more configuration: TOML, whose tables may extend the defaults below but not repeat them.
    pub(crate) async fn start_with(more: &str) -> Self {
        Self::start_on("127.0.0.1", "localhost", more).await
    }

    /// The same, at an address and under a name of its own.
    pub(crate) async fn start_on(host: &str, server_name: &str, more: &str) -> Self {
        Self::start_at(Place::new(host), server_name, more).await
    }

    /// The same, where the directory has been prepared.
    pub(crate) async fn start_at(place: Place, server_name: &str, more: &str) -> Self {
        let Place { directory, host, port } = &place;
        let mut config = format!(
            "server_name = \"{server_name}\"\ndata_dir = \"{}\"\n",
            directory.path().join("data").display()
        );
        let tables = [
            ("[[listeners]]", format!("address = \"{host}:{port}\"\n")),
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
        std::fs::write(directory.path().join("kith.toml"), config.replace("$PORT", &port.to_string()))
            .unwrap();
        Self::run(place, server_name.to_owned()).await
    }

    async fn run(place: Place, name: String) -> Self {
        let Place { directory, host, port } = place;
        let mut child = spawn(directory.path());
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
        let base = format!("http://{host}:{port}");
        let http = http_client();
        let mut server = Self { base, http, directory, port, name, host, child, log };
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

    /// Waits until the server has printed something.
    pub(crate) async fn wait_for_log(&self, text: &str) {
        for _ in 0..400 {
            if self.log().contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the server does not say {text:?}:\n{}", self.log());
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the server as an operator does, and starts it again over the same data.
    pub(crate) async fn restart(mut self) -> Self {
        self.terminate().await;
        self.run_again().await
    }

    /// Ends the server without a warning, and starts it again over the same data.
    pub(crate) async fn crash_and_restart(mut self) -> Self {
        self.crash();
        self.run_again().await
    }

    /// Ends the server without a warning.
    pub(crate) fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts the server over the data of this one, which has ended.
    pub(crate) async fn run_again(self) -> Self {
        let place =
            Place { directory: Arc::clone(&self.directory), host: self.host.clone(), port: self.port };
        Self::run(place, self.name.clone()).await
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
        let ended =
            Program::new(self.path()).arguments(&["--config", "kith.toml"]).arguments(arguments).run();
        (ended.success, ended.stdout + &ended.stderr)
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

    /// Sends a request without a token, where the server may be gone: no answer then.
    pub(crate) async fn try_anonymous(
        http: &reqwest::Client,
        base: &str,
        path: &str,
        body: Value,
    ) -> Option<Answer> {
        try_send(http, base, "POST", path, None, Some(body)).await.ok()
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

/// A client that waits as long as the slowest test needs.
pub(crate) fn http_client() -> reqwest::Client {
    // Only the first of all tests installs it.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap()
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
    let answer = try_send(http, base, method, path, token, body).await;
    answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
}

/// The same, where the server may be gone.
pub(super) async fn try_send(
    http: &reqwest::Client,
    base: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> Result<Answer, reqwest::Error> {
    let mut request = http.request(method.parse().unwrap(), format!("{base}{path}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer { request: format!("{method} {path}"), status, headers, body })
}

/// Starts the server whose configuration is in this directory, and waits for nothing.
pub(crate) fn spawn(directory: &Path) -> Child {
    Command::new(binary())
        .arg("--config")
        .arg(directory.join("kith.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", binary().display()))
}

/// A port that nobody listens on, and that no outgoing connection takes before the server does: the system hands out
/// higher ones to those.
pub(crate) fn free_port(host: &str) -> u16 {
    const PORTS: std::ops::Range<u16> = 12_000..32_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Several runs of the tests may be at work on one machine.
    let offset = u16::try_from(std::process::id() * 97 % 20_000).unwrap();
    loop {
        let port = PORTS.start + (offset + NEXT.fetch_add(1, Ordering::Relaxed)) % (PORTS.end - PORTS.start);
        if std::net::TcpListener::bind((host, port)).is_ok() {
            return port;
        }
    }
}
