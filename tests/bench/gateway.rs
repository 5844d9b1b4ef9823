//! A push gateway: takes what servers tell it over plain HTTP, and says of which round of messages it was.

use crate::Outcome;
use crate::listeners::find_round;
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const BODY_BYTES_MAX: usize = 1024 * 1024;
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"rejected\":[]}";

/// It listens until dropped.
pub(crate) struct Gateway {
    pub(crate) url: String,
    /// Rounds and when they were heard of.
    pub(crate) pushes: mpsc::UnboundedReceiver<(u64, Instant)>,
    _serving: JoinSet<()>,
}

impl Gateway {
    pub(crate) async fn open() -> Outcome<Gateway> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/_matrix/push/v1/notify", listener.local_addr()?);
        let (tell, pushes) = mpsc::unbounded_channel();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((connection, _from)) = listener.accept().await {
                let tell = tell.clone();
                connections.spawn(async move {
                    // A server that hangs up is not an error of the gateway.
                    let _ended = serve(BufStream::new(connection), &tell).await;
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Gateway { url, pushes, _serving: serving })
    }
}

/// One request after the other, until the other side closes.
async fn serve(
    mut connection: BufStream<TcpStream>,
    tell: &mpsc::UnboundedSender<(u64, Instant)>,
) -> Outcome<()> {
    loop {
        let Some(length) = read_head(&mut connection).await? else { return Ok(()) };
        if length > BODY_BYTES_MAX {
            return Err("too long for a notification".into());
        }
        let mut body = vec![0; length];
        connection.read_exact(&mut body).await?;
        if let Some(round) = find_round(&String::from_utf8_lossy(&body)) {
            let _nobody_waits_any_more = tell.send((round, Instant::now()));
        }
        connection.write_all(ANSWER).await?;
        connection.flush().await?;
    }
}

/// The length of the body that follows; nothing at the end of the connection.
async fn read_head(connection: &mut BufStream<TcpStream>) -> Outcome<Option<usize>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        if line.trim_end().is_empty() {
            return Ok(Some(length));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
}
