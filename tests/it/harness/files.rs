//! Files: uploading them, downloading them, and pictures to upload.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::{Answer, Peer, Server, User, encode};

/// An answer whose body is a file.
#[derive(Debug)]
pub(crate) struct Download {
    request: String,
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Download {
    async fn read(request: String, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { request, status, headers, bytes: response.bytes().await.unwrap().to_vec() }
    }

    /// A header, or nothing.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that there is a file.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        let text = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status, 200, "{} answered {text:.500}", self.request);
        self
    }

    /// Checks that the request was refused with this status and `errcode`.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, errcode: &str) -> Value {
        let body = serde_json::from_slice(&self.bytes).unwrap_or(Value::Null);
        Answer { request: self.request, status: self.status, headers: self.headers, body }
            .refused(status, errcode)
    }

    /// Checks what holds whatever the file is: opened in a browser it does nothing.
    #[track_caller]
    pub(crate) fn is_harmless(&self) {
        let policy = self.header("content-security-policy");
        assert!(policy.contains("sandbox") && policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert_eq!(self.header("cross-origin-resource-policy"), "cross-origin");
    }

    /// The file as a picture: its width and height.
    #[track_caller]
    pub(crate) fn size(&self) -> (u32, u32) {
        let picture = image::load_from_memory(&self.bytes).unwrap();
        (picture.width(), picture.height())
    }
}

impl User {
    /// Sends a file, and reads the answer as JSON.
    pub(crate) async fn send_file(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.token).header("content-type", content_type).body(body);
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Answer { request: format!("{method} {path}"), status, headers, body }
    }

    /// Uploads a file, and answers its URI.
    pub(crate) async fn upload(&self, content_type: &str, body: impl Into<reqwest::Body>) -> String {
        let answer = self.send_file("POST", "/_matrix/media/v3/upload", content_type, body).await.ok();
        answer["content_uri"].as_str().unwrap_or_else(|| panic!("no content_uri in {answer}")).to_owned()
    }

    /// Announces a file, and answers its URI.
    pub(crate) async fn announce(&self) -> String {
        let answer = self.post("/_matrix/media/v1/create", json!({})).await.ok();
        answer["content_uri"].as_str().unwrap_or_else(|| panic!("no content_uri in {answer}")).to_owned()
    }

    /// Downloads from a path, with more headers.
    pub(crate) async fn download_with(&self, path: &str, headers: &[(&str, &str)]) -> Download {
        let mut request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Download::read(format!("GET {path}"), request.send().await.unwrap()).await
    }

    /// Downloads from a path.
    pub(crate) async fn download(&self, path: &str) -> Download {
        self.download_with(path, &[]).await
    }

    /// Downloads a file by its URI.
    pub(crate) async fn fetch(&self, uri: &str) -> Download {
        self.download(&media_path("download", uri)).await
    }

    /// Asks for a download whose body is read bit by bit.
    pub(crate) async fn stream(&self, uri: &str) -> reqwest::Response {
        let url = format!("{}{}", self.base, media_path("download", uri));
        self.http.get(url).bearer_auth(&self.token).send().await.unwrap()
    }

    /// The preview of a web page, as the newer or an older path has it.
    pub(crate) async fn preview(&self, below: &str, url: &str) -> Answer {
        self.get(&format!("{below}/preview_url?url={}", encode(url))).await
    }
}

impl Server {
    /// Downloads from a path without a token.
    pub(crate) async fn download(&self, path: &str) -> Download {
        let response = self.http.get(format!("{}{path}", self.base)).send().await.unwrap();
        Download::read(format!("GET {path}"), response).await
    }
}

impl Peer {
    /// Downloads from a path with a signed request.
    pub(crate) async fn download(&self, server: &Server, path: &str) -> Download {
        let header = self.authorization(&server.name, "GET", path, None);
        let request = self.http.get(format!("{}{path}", server.base)).header("authorization", header);
        Download::read(format!("GET {path}"), request.send().await.unwrap()).await
    }
}

/// The path of a file for those who are logged in: `kind` is `download` or `thumbnail`.
pub(crate) fn media_path(kind: &str, uri: &str) -> String {
    format!("/_matrix/client/v1/media/{kind}/{}", uri.strip_prefix("mxc://").unwrap())
}

/// A picture of many colours.
pub(crate) fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let colour = |x: u32, y: u32| image::Rgb([x, y, x ^ y].map(|value| u8::try_from(value % 256).unwrap()));
    let mut bytes = Vec::new();
    RgbImage::from_fn(width, height, colour).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// A small PNG whose header claims that it is as wide and high as this.
pub(crate) fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = picture(4, 4, ImageFormat::Png);
    // Signature 8 bytes, length 4, `IHDR` 4, then width and height; 5 bytes later the checksum of all since `IHDR`.
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&bytes[12..29]).to_be_bytes();
    bytes[29..33].copy_from_slice(&checksum);
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut rest = u32::MAX;
    for byte in bytes {
        rest ^= u32::from(*byte);
        for _ in 0..8 {
            rest = if rest & 1 == 1 { rest >> 1 ^ 0xedb8_8320 } else { rest >> 1 };
        }
    }
    !rest
}
