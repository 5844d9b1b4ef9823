//! The control socket: how commands reach a server that is running, because only one process can have the data
//! directory open.
//!
//! It is a Unix socket in the data directory, which only the server's own user may enter. One line of JSON with an
//! order goes in, one line with the outcome comes out.

use crate::Failure;
use crate::orders::{Hands, Order};
use kith_base::Tasks;
use serde::{Deserialize, Serialize};
use std::fs::{File, Permissions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

const SOCKET_FILE: &str = "control.sock";
/// An address of a Unix socket is no longer than this.
const SOCKET_PATH_BYTES_MAX: usize = 100;
const ORDER_BYTES_MAX: u64 = 64 * 1024;
const ORDER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a command waits for its order to be carried out; a backup to another file system is copied.
const OUTCOME_TIMEOUT: Duration = Duration::from_secs(3_600);
const OWNER_ONLY_FILE: u32 = 0o600;

/// What came of an order.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Done(String),
    Failed(String),
}

/// A path to the socket that is short enough; the open directory keeps it valid.
struct SocketPath {
    path: PathBuf,
    _directory: Option<File>,
}

impl SocketPath {
    fn of(data_dir: &Path) -> std::io::Result<SocketPath> {
        let path = data_dir.join(SOCKET_FILE);
        if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
            return Ok(SocketPath { path, _directory: None });
        }
        let directory = File::open(data_dir)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET_FILE}", directory.as_raw_fd()));
        Ok(SocketPath { path, _directory: Some(directory) })
    }
}

/// Takes orders until the server stops.
pub(crate) fn start(hands: Hands, data_dir: &Path, tasks: &Tasks) -> std::io::Result<()> {
    let socket = SocketPath::of(data_dir)?;
    // The storage engine's lock has been taken, so whoever left this socket behind is gone.
    match std::fs::remove_file(&socket.path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&socket.path)?;
    std::fs::set_permissions(&socket.path, Permissions::from_mode(OWNER_ONLY_FILE))?;
    let (tasks_inside, stopping) = (tasks.clone(), tasks.stopping());
    tasks.spawn("control", async move {
        loop {
            let accepted = tokio::select! {
                () = stopping.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            // One order at a time: operators are few.
            let outcome = match accepted {
                Ok((stream, _address)) => take_order(stream, &hands, &tasks_inside).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::warn!(%error, "an order did not arrive, or its outcome could not be told");
            }
        }
        // A command that finds no socket opens the data itself.
        let _gone = std::fs::remove_file(&socket.path);
    });
    Ok(())
}

async fn take_order(stream: UnixStream, hands: &Hands, tasks: &Tasks) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(ORDER_BYTES_MAX));
    tokio::time::timeout(ORDER_TIMEOUT, reader.read_line(&mut line)).await??;
    let outcome = match serde_json::from_str::<Order>(&line) {
        Ok(order) => {
            let hands = hands.clone();
            tasks.blocking(move || hands.carry_out(&order)).await.map_err(|error| error.to_string())
        }
        Err(error) => {
            Err(format!("the running server is another version and does not know this order: {error}"))
        }
    };
    let outcome = match outcome {
        Ok(done) => Outcome::Done(done),
        Err(failed) => Outcome::Failed(failed),
    };
    let mut answer = serde_json::to_vec(&outcome)?;
    answer.push(b'\n');
    writer.write_all(&answer).await
}

/// Has a running server carry out an order. None if no server runs on this data directory.
pub(crate) fn send(data_dir: &Path, order: &Order) -> Result<Option<String>, Failure> {
    let Some(mut stream) = connect(data_dir)? else { return Ok(None) };
    stream.set_read_timeout(Some(OUTCOME_TIMEOUT))?;
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream.take(ORDER_BYTES_MAX)).read_line(&mut answer)?;
    match serde_json::from_str(&answer)? {
        Outcome::Done(text) => Ok(Some(text)),
        Outcome::Failed(text) => Err(text.into()),
    }
}

fn connect(data_dir: &Path) -> Result<Option<BlockingStream>, Failure> {
    let connected = SocketPath::of(data_dir).and_then(|socket| BlockingStream::connect(&socket.path));
    match connected {
        Ok(stream) => Ok(Some(stream)),
        // Nobody listens on a socket that a crash has left behind.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => Ok(None),
        Err(error) => {
            Err(format!("cannot reach the running server in {}: {error}", data_dir.display()).into())
        }
    }
}
