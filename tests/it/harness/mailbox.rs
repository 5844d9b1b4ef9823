//! A mail relay inside the test: it takes every mail and delivers none.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use super::server::free_port;

/// A relay on the loopback address. Dropping it ends it.
pub(crate) struct Mailbox {
    port: u16,
    shared: Arc<Shared>,
    serving: AbortHandle,
}

#[derive(Default)]
struct Shared {
    letters: Mutex<Vec<Letter>>,
    refusing: AtomicBool,
}

/// A mail that was handed over.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// Whom the envelope names.
    pub(crate) to: Vec<String>,
    /// Header lines and parts as they came.
    pub(crate) raw: String,
    /// The part in plain text.
    pub(crate) text: String,
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Mailbox {
    pub(crate) async fn start() -> Self {
        let port = free_port("127.0.0.1");
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let shared = Arc::new(Shared::default());
        let serving = tokio::spawn(serve(listener, Arc::clone(&shared))).abort_handle();
        Self { port, shared, serving }
    }

    /// The configuration of a server that sends its mails here: a key of the top level, then `[email]`, which may go
    /// on.
    pub(crate) fn config(&self) -> String {
        format!(
            "public_base_url = \"http://127.0.0.1:$PORT\"\n[email]\nhost = \"127.0.0.1\"\nport = {}\n\
             tls = \"none\"\nfrom = \"Kith <kith@example.org>\"\napp_name = \"Testchat\"\n",
            self.port
        )
    }

    /// Whether mails are refused from now on.
    pub(crate) fn refuse(&self, refusing: bool) {
        self.shared.refusing.store(refusing, Ordering::SeqCst);
    }

    /// How many mails have come.
    pub(crate) fn count(&self) -> usize {
        self.shared.letters.lock().unwrap().len()
    }

    /// The mail with this number, counted from 0; waits for it.
    pub(crate) async fn letter(&self, number: usize) -> Letter {
        for _ in 0..400 {
            if let Some(letter) = self.shared.letters.lock().unwrap().get(number) {
                return letter.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("mail {number} did not come in ten seconds");
    }
}

impl Letter {
    /// The link in the text.
    pub(crate) fn link(&self) -> String {
        let found = self.text.lines().find(|line| line.starts_with("http"));
        found.unwrap_or_else(|| panic!("no link in {}", self.text)).trim().to_owned()
    }

    /// A header, without its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.raw.split("\r\n\r\n").next().unwrap();
        head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        tokio::spawn(talk(stream, Arc::clone(&shared)));
    }
}

/// One conversation, as far as a well-behaved client takes it. A client that hangs up ends it.
async fn talk(stream: TcpStream, shared: Arc<Shared>) -> std::io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    let mut to = Vec::new();
    writing.write_all(b"220 mailbox.example.org\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let word = line.split(' ').next().unwrap().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250 mailbox.example.org",
            "MAIL" if shared.refusing.load(Ordering::SeqCst) => "451 not now",
            "MAIL" | "RSET" => {
                to.clear();
                "250 so be it"
            }
            "RCPT" => {
                to.push(line.split(['<', '>']).nth(1).unwrap_or_default().to_owned());
                "250 so be it"
            }
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await?;
                let mut raw = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push_str("\r\n");
                }
                let text = plain_text(&raw);
                shared.letters.lock().unwrap().push(Letter { to: std::mem::take(&mut to), raw, text });
                "250 taken"
            }
            "QUIT" => {
                writing.write_all(b"221 goodbye\r\n").await?;
                return Ok(());
            }
            _ => "502 what",
        };
        writing.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// The part in plain text, decoded.
fn plain_text(raw: &str) -> String {
    let start = raw.find("Content-Type: text/plain").unwrap_or_else(|| panic!("no plain text in {raw}"));
    let part = &raw[start..];
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    let body = body.split("\r\n--").next().unwrap().replace("\r\n", "\n");
    if head.contains("quoted-printable") { unquoted(&body) } else { body }
}

fn unquoted(text: &str) -> String {
    let text = text.replace("=\n", "");
    let mut pieces = text.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend(piece[2..].as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}
