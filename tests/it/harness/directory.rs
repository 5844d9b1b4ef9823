//! A directory inside the test (LDAP), as far as somebody sees of it who logs people in: it lets people connect as
//! somebody, and finds entries. What it is asked it remembers.

use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use lber::{
    common::TagClass,
    parse::parse_tag,
    structure::{PL, StructureTag},
    write::encode_into,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::AbortHandle,
};
use tokio_rustls::TlsAcceptor;

use super::peer::acceptor;

// The kinds of messages (RFC 4511, section 4).
const BIND: u64 = 0;
const UNBIND: u64 = 2;
const SEARCH: u64 = 3;
const SEARCH_ENTRY: u64 = 4;
const SEARCH_DONE: u64 = 5;
const EXTENDED: u64 = 23;
const EXTENDED_DONE: u64 = 24;

// What is answered (RFC 4511, appendix A).
const SUCCESS: u8 = 0;
const INVALID_CREDENTIALS: u8 = 49;
const INSUFFICIENT_ACCESS: u8 = 50;

const OCTETS: u64 = 4;
const ENUMERATED: u64 = 10;
const SEQUENCE: u64 = 16;
const SET: u64 = 17;

/// Somebody or something in the directory.
#[derive(Clone, Debug)]
pub(crate) struct DirectoryEntry {
    pub(crate) dn: &'static str,
    pub(crate) password: &'static str,
    pub(crate) attributes: Vec<(&'static str, &'static str)>,
}

/// A directory on the loopback address. Dropping it ends it.
pub(crate) struct Directory {
    port: u16,
    shared: Arc<Shared>,
    serving: AbortHandle,
}

struct Shared {
    entries: Mutex<Vec<DirectoryEntry>>,
    asked: Mutex<Vec<String>>,
    acceptor: TlsAcceptor,
}

/// How a conversation ends.
#[derive(PartialEq, Eq)]
enum End {
    Over,
    /// It goes on in secret.
    StartTls,
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Directory {
    /// Starts one with these entries, in the clear or, with `tls`, in secret from the first byte.
    pub(crate) async fn start(tls: bool, entries: Vec<DirectoryEntry>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            entries: Mutex::new(entries),
            asked: Mutex::default(),
            acceptor: acceptor("127.0.0.1"),
        });
        let serving = tokio::spawn(serve(listener, tls, Arc::clone(&shared))).abort_handle();
        Self { port, shared, serving }
    }

    /// Its address, below a scheme.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Takes an entry away.
    pub(crate) fn remove(&self, dn: &str) {
        self.shared.entries.lock().unwrap().retain(|entry| entry.dn != dn);
    }
}

async fn serve(listener: TcpListener, tls: bool, shared: Arc<Shared>) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let in_secret = tls || shared.converse(&mut stream).await == End::StartTls;
            if in_secret && let Ok(mut stream) = shared.acceptor.accept(stream).await {
                shared.converse(&mut stream).await;
            }
        });
    }
}

impl Shared {
    async fn converse(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> End {
        let mut received = Vec::new();
        // As whom this connection is, once it is somebody.
        let mut who: Option<String> = None;
        loop {
            let whole = parse_tag(&received).ok().map(|(rest, message)| (rest.to_vec(), message));
            let Some((rest, message)) = whole else {
                match stream.read_buf(&mut received).await {
                    Ok(0) | Err(_) => return End::Over,
                    Ok(_) => continue,
                }
            };
            received = rest;
            let parts = inside(&message);
            let [id, request, ..] = &parts[..] else { panic!("{message:?}") };
            let answers = match request.id {
                BIND => vec![self.bind(request, &mut who)],
                SEARCH => self.search(request, who.is_some()),
                EXTENDED => vec![result(EXTENDED_DONE, SUCCESS)],
                UNBIND => return End::Over,
                other => panic!("nobody asks {other} of a directory: {message:?}"),
            };
            let mut sent = BytesMut::new();
            for answer in answers {
                encode_into(&mut sent, sequence(SEQUENCE, vec![id.clone(), answer])).unwrap();
            }
            if stream.write_all(&sent).await.is_err() {
                return End::Over;
            }
            if request.id == EXTENDED {
                return End::StartTls;
            }
        }
    }

    fn bind(&self, request: &StructureTag, who: &mut Option<String>) -> StructureTag {
        let parts = inside(request);
        let (dn, password) = (text(&parts[1]), text(&parts[2]));
        self.asked.lock().unwrap().push(format!("bind {dn}"));
        let entries = self.entries.lock().unwrap();
        let known = entries.iter().any(|entry| entry.dn == dn && entry.password == password);
        // Without a password one is nobody, which is as good as any (RFC 4513, section 5.1.2).
        *who = known.then_some(dn);
        let code = if known || password.is_empty() { SUCCESS } else { INVALID_CREDENTIALS };
        result(BIND + 1, code)
    }

    fn search(&self, request: &StructureTag, may: bool) -> Vec<StructureTag> {
        let parts = inside(request);
        let (base, filter) = (text(&parts[0]), &parts[6]);
        let in_words = words(filter);
        self.asked.lock().unwrap().push(format!("search {base} {in_words}"));
        if !may {
            return vec![result(SEARCH_DONE, INSUFFICIENT_ACCESS)];
        }
        let entries = self.entries.lock().unwrap();
        let found = entries.iter().filter(|entry| entry.dn.ends_with(&base) && fits(entry, filter));
        let mut answers: Vec<StructureTag> = found.map(answer).collect();
        answers.push(result(SEARCH_DONE, SUCCESS));
        answers
    }
}

/// Whether an entry is like a filter says: all of them, this value, something like it, or whatever it is.
fn fits(entry: &DirectoryEntry, filter: &StructureTag) -> bool {
    let has = |attribute: &str, fits: &dyn Fn(&str) -> bool| {
        entry.attributes.iter().any(|(name, value)| name.eq_ignore_ascii_case(attribute) && fits(value))
    };
    match filter.id {
        0 => inside(filter).iter().all(|part| fits(entry, part)),
        3 => {
            let parts = inside(filter);
            let wanted = text(&parts[1]);
            has(&text(&parts[0]), &|value| value.eq_ignore_ascii_case(&wanted))
        }
        4 => has(&text(&inside(filter)[0]), &|_| true),
        7 => true,
        other => panic!("nobody asks for {other}"),
    }
}

/// A filter as people write it.
fn words(filter: &StructureTag) -> String {
    match filter.id {
        0 => format!("(&{})", inside(filter).iter().map(words).collect::<String>()),
        3 => format!("({}={})", text(&inside(filter)[0]), text(&inside(filter)[1])),
        4 => format!("({} is like something)", text(&inside(filter)[0])),
        _ => format!("({} is there)", text(filter)),
    }
}

fn answer(entry: &DirectoryEntry) -> StructureTag {
    let attribute = |(name, value): &(&str, &str)| {
        sequence(SEQUENCE, vec![octets(name), sequence(SET, vec![octets(value)])])
    };
    let attributes = entry.attributes.iter().map(attribute).collect();
    application(SEARCH_ENTRY, vec![octets(entry.dn), sequence(SEQUENCE, attributes)])
}

fn result(kind: u64, code: u8) -> StructureTag {
    let code = StructureTag { class: TagClass::Universal, id: ENUMERATED, payload: PL::P(vec![code]) };
    application(kind, vec![code, octets(""), octets("")])
}

fn application(id: u64, parts: Vec<StructureTag>) -> StructureTag {
    StructureTag { class: TagClass::Application, id, payload: PL::C(parts) }
}

fn sequence(id: u64, parts: Vec<StructureTag>) -> StructureTag {
    StructureTag { class: TagClass::Universal, id, payload: PL::C(parts) }
}

fn octets(text: &str) -> StructureTag {
    StructureTag { class: TagClass::Universal, id: OCTETS, payload: PL::P(text.as_bytes().to_vec()) }
}

fn inside(tag: &StructureTag) -> Vec<StructureTag> {
    tag.clone().expect_constructed().unwrap()
}

fn text(tag: &StructureTag) -> String {
    String::from_utf8(tag.clone().expect_primitive().unwrap()).unwrap()
}
