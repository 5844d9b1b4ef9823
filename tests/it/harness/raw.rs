//! HTTP by hand, for requests that no client library would send.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Answer, Server};

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// One connection to the server, byte for byte.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was read behind the last answer.
    read: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
        Self { stream, read: Vec::new() }
    }

    /// Sends bytes. The server may have hung up already; the answer then tells.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _hung_up = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Reads one answer; panics if the connection ends before it is whole.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head_end = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end;
            }
            self.read_more().await;
        };
        let head = String::from_utf8(self.read.drain(..head_end + 4).collect()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = reqwest::header::HeaderMap::new();
        for line in lines.filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').unwrap();
            let name: reqwest::header::HeaderName = name.parse().unwrap();
            headers.append(name, value.trim().parse().unwrap());
        }
        let body = if headers.get("transfer-encoding").is_some() {
            self.chunks().await
        } else {
            let length =
                headers.get("content-length").map_or(0, |text| text.to_str().unwrap().parse().unwrap());
            self.take(length).await
        };
        let body = String::from_utf8(body).unwrap();
        let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
        Answer { request: "a raw request".to_owned(), status, headers, body }
    }

    /// True if the server ends the connection, without another byte.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut buffer = [0; 1];
        let read = tokio::time::timeout(ANSWER_TIMEOUT, self.stream.read(&mut buffer)).await;
        self.read.is_empty() && matches!(read, Ok(Ok(0) | Err(_)))
    }

    /// True if nothing comes for a while, whether the connection ends or not.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        let mut buffer = [0; 1];
        let read = tokio::time::timeout(Duration::from_millis(500), self.stream.read(&mut buffer)).await;
        self.read.is_empty() && !matches!(read, Ok(Ok(1)))
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line_end = loop {
                if let Some(end) = find(&self.read, b"\r\n") {
                    break end;
                }
                self.read_more().await;
            };
            let line = String::from_utf8(self.take(line_end + 2).await).unwrap();
            let length = usize::from_str_radix(line.trim(), 16).unwrap();
            body.extend(self.take(length).await);
            self.take(2).await;
            if length == 0 {
                return body;
            }
        }
    }

    async fn take(&mut self, length: usize) -> Vec<u8> {
        while self.read.len() < length {
            self.read_more().await;
        }
        self.read.drain(..length).collect()
    }

    async fn read_more(&mut self) {
        let reading = tokio::time::timeout(ANSWER_TIMEOUT, self.stream.read_buf(&mut self.read)).await;
        let count = reading.expect("the server is silent").expect("the connection broke");
        assert!(count > 0, "the server hung up after {:?}", String::from_utf8_lossy(&self.read));
    }
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}
