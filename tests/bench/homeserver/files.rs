//! Files to a server and back, as streams: a large one never lies in the generator's memory.

use super::{Homeserver, REFUSAL_CHARS_MAX};
use crate::Outcome;
use futures_util::{StreamExt, stream};
use reqwest::{Body, Response, header};
use serde_json::Value;
use std::convert::Infallible;

/// Files are made and told apart in blocks of this size.
pub(crate) const BLOCK_BYTES: usize = 1024 * 1024;

impl Homeserver {
    /// Uploads a file of so many blocks, none of which is in another file; gives its `mxc:` address.
    pub(crate) async fn upload(&self, token: &str, file: u64, blocks: u64) -> Outcome<String> {
        let body = stream::iter((0..blocks).map(move |index| Ok::<_, Infallible>(block(file, index))));
        let length = blocks * u64::try_from(BLOCK_BYTES)?;
        let request = self.http.post(self.base.join("_matrix/media/v3/upload")?).bearer_auth(token);
        let request = request
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_LENGTH, length);
        let answer = accepted(request.body(Body::wrap_stream(body)).send().await?).await?;
        let uploaded: Value = answer.json().await?;
        Ok(uploaded["content_uri"].as_str().ok_or("no content_uri")?.to_owned())
    }

    /// Downloads a file and sees that it is the one that was uploaded.
    pub(crate) async fn download(&self, token: &str, address: &str, file: u64, blocks: u64) -> Outcome<()> {
        let place = address.strip_prefix("mxc://").ok_or("not an mxc: address")?;
        let url = self.base.join(&format!("_matrix/client/v1/media/download/{place}"))?;
        let answer = accepted(self.http.get(url).bearer_auth(token).send().await?).await?;
        let (mut body, mut at) = (answer.bytes_stream(), 0);
        let (mut expected, mut index) = (block(file, 0), 0);
        while let Some(piece) = body.next().await {
            let mut piece = piece?;
            while !piece.is_empty() {
                if at == expected.len() {
                    (index, at) = (index + 1, 0);
                    expected = block(file, index);
                }
                let part = piece.split_to(piece.len().min(expected.len() - at));
                if index >= blocks || part[..] != expected[at..at + part.len()] {
                    return Err(format!("{address} came back as something else").into());
                }
                at += part.len();
            }
        }
        if index + 1 != blocks || at != BLOCK_BYTES {
            return Err(format!("{address} came back too short").into());
        }
        Ok(())
    }
}

async fn accepted(answer: Response) -> Outcome<Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let refusal: String = answer.text().await?.chars().take(REFUSAL_CHARS_MAX).collect();
    Err(format!("{status}: {refusal}").into())
}

/// Bytes that no compressor makes smaller, different in each block of each file.
fn block(file: u64, index: u64) -> Vec<u8> {
    // A xorshift generator: cheap enough that the server is what is measured.
    let mut state = (file << 32 | index).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(BLOCK_BYTES);
    while bytes.len() < BLOCK_BYTES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_BYTES, block};

    #[test]
    fn blocks_differ_and_are_whole() {
        assert_eq!(block(1, 2).len(), BLOCK_BYTES);
        assert_eq!(block(1, 2), block(1, 2));
        assert_ne!(block(1, 2), block(1, 3));
        assert_ne!(block(1, 2), block(2, 2));
    }
}
