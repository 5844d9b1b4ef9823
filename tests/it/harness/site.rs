//! A web site on this machine, for what the server fetches.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Pages by path: the head of the answer after the status line's version, and the body.
type Pages = HashMap<&'static str, (String, Vec<u8>)>;

/// A running site. It counts who comes.
pub(crate) struct Site {
    pub(crate) port: u16,
    visits: Arc<AtomicUsize>,
}

impl Site {
    /// A site with these pages: path, status and headers (`200 OK\r\ncontent-type: text/html`), body. What is not
    /// there is answered with 404.
    pub(crate) async fn start(pages: Vec<(&'static str, String, Vec<u8>)>) -> Self {
        let pages: Pages = pages.into_iter().map(|(path, head, body)| (path, (head, body))).collect();
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let visits = Arc::new(AtomicUsize::new(0));
        let (pages, counted) = (Arc::new(pages), Arc::clone(&visits));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let pages = Arc::clone(&pages);
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        match stream.read_buf(&mut request).await {
                            Ok(0) | Err(_) => return,
                            Ok(_) => {}
                        }
                    }
                    let text = String::from_utf8_lossy(&request);
                    let path = text.split(' ').nth(1).unwrap_or_default();
                    let missing = ("404 Not Found".to_owned(), Vec::new());
                    let (head, body) = pages.get(path).unwrap_or(&missing);
                    let length = body.len();
                    let head =
                        format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                    // Whoever asked may have seen enough.
                    let _head = stream.write_all(head.as_bytes()).await;
                    let _body = stream.write_all(body).await;
                });
            }
        });
        Self { port, visits }
    }

    /// How many connections there have been.
    pub(crate) fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}
