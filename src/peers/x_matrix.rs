//! `Authorization: X-Matrix …`: what a server signs of each request, and the header that carries the signature.
//!
//! Headers are read leniently, as they are written in the field: colons without quotes, any case, spaces anywhere.
//! <https://spec.matrix.org/v1.19/server-server-api/#request-authentication>

use http::{HeaderMap, header};
use kith_event::{
    SigningKey,
    json::{JsonError, Object, Strictness, Value, parse_envelope, to_text},
    verify::is_signature,
};
use ruma::{OwnedServerName, ServerName};

const SCHEME: &str = "x-matrix";
/// How long a header may be.
const HEADER_BYTES_MAX: usize = 2_048;

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XMatrix {
    /// Who sends.
    pub origin: OwnedServerName,
    /// To whom; servers from before version 1.3 of the specification do not say.
    pub destination: Option<OwnedServerName>,
    /// With which key: `ed25519:<version>`.
    pub key_id: String,
    /// The signature in base64.
    pub signature: String,
}

/// Why a header is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XMatrixError {
    /// There is no such header.
    #[error("missing Authorization header of the scheme X-Matrix")]
    Missing,
    /// It cannot be read.
    #[error("malformed Authorization header: {0}")]
    Malformed(&'static str),
}

/// A request as it is signed.
pub(crate) struct Signed<'a> {
    pub(crate) origin: &'a ServerName,
    pub(crate) destination: &'a ServerName,
    pub(crate) method: &'a str,
    /// The path with the query, as it stands in the request line.
    pub(crate) uri: &'a str,
    /// The body; empty if there is none.
    pub(crate) body: &'a [u8],
}

impl XMatrix {
    /// Reads the first header of the scheme.
    pub fn from_headers(headers: &HeaderMap) -> Result<Self, XMatrixError> {
        let values = headers.get_all(header::AUTHORIZATION).into_iter();
        let mut parameters = values.filter_map(|value| {
            let (scheme, parameters) = value.to_str().ok()?.trim_start().split_once(' ')?;
            scheme.eq_ignore_ascii_case(SCHEME).then_some(parameters)
        });
        parameters.next().ok_or(XMatrixError::Missing).and_then(Self::parse)
    }

    /// Reads the parameters behind the scheme.
    fn parse(parameters: &str) -> Result<Self, XMatrixError> {
        if parameters.len() > HEADER_BYTES_MAX {
            return Err(XMatrixError::Malformed("too long"));
        }
        let (mut origin, mut destination, mut key_id, mut signature) = (None, None, None, None);
        let mut rest = parameters.trim();
        while !rest.is_empty() {
            let (name, value, behind) = parameter(rest).ok_or(XMatrixError::Malformed("not name=value"))?;
            let place = match name.to_ascii_lowercase().as_str() {
                "origin" => Some(&mut origin),
                "destination" => Some(&mut destination),
                "key" => Some(&mut key_id),
                "sig" => Some(&mut signature),
                _ => None,
            };
            if let Some(place) = place
                && place.replace(value).is_some()
            {
                return Err(XMatrixError::Malformed("a parameter stands there twice"));
            }
            rest = behind;
        }
        let name =
            |text: String| ServerName::parse(text).map_err(|_| XMatrixError::Malformed("not a server name"));
        Ok(Self {
            origin: name(origin.ok_or(XMatrixError::Malformed("no origin"))?)?,
            destination: destination.map(name).transpose()?,
            key_id: key_id.ok_or(XMatrixError::Malformed("no key"))?,
            signature: signature.ok_or(XMatrixError::Malformed("no sig"))?,
        })
    }

    /// Whether the signature is the one that the owner of `key` makes over the request.
    pub(crate) fn is_of(&self, key: &[u8; 32], request: &Signed<'_>) -> Result<bool, JsonError> {
        Ok(is_signature(key, &self.signature, &request.text()?))
    }
}

impl Signed<'_> {
    /// The value of the header that `key` makes.
    pub(crate) fn sign(&self, key: &SigningKey) -> Result<String, JsonError> {
        let (origin, destination) = (self.origin, self.destination);
        let (key_id, signature) = (key.id(), key.sign(self.text()?.as_bytes()));
        Ok(format!(
            r#"X-Matrix origin="{origin}",destination="{destination}",key="{key_id}",sig="{signature}""#
        ))
    }

    /// The canonical text that is signed.
    fn text(&self) -> Result<String, JsonError> {
        let mut object = Object::from([
            ("destination".to_owned(), Value::from(self.destination.as_str())),
            ("method".to_owned(), Value::from(self.method)),
            ("origin".to_owned(), Value::from(self.origin.as_str())),
            ("uri".to_owned(), Value::from(self.uri)),
        ]);
        if !self.body.is_empty() {
            let body =
                std::str::from_utf8(self.body).map_err(|error| JsonError::Syntax(error.valid_up_to()))?;
            // Transactions may carry events of old rooms, whose numbers are not those of canonical JSON.
            let content = parse_envelope(body, Strictness::Lax)?;
            object.insert("content".to_owned(), Value::Object(content));
        }
        Ok(to_text(&object))
    }
}

/// The first parameter of a list, and what stands behind it.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = text.split_once('=')?;
    let (value, behind) = match rest.trim_start().strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => {
            let end = rest.find(',').unwrap_or(rest.len());
            (rest[..end].trim().to_owned(), &rest[end..])
        }
    };
    let behind = behind.trim_start();
    let next = if behind.is_empty() { behind } else { behind.strip_prefix(',')?.trim_start() };
    Some((name.trim(), value, next))
}

/// The text up to the closing quote, without its backslashes, and what stands behind the quote.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use ruma::server_name;

    use super::*;

    fn read(value: &str) -> Result<XMatrix, XMatrixError> {
        let mut headers = HeaderMap::new();
        headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer other"));
        headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a header value"));
        XMatrix::from_headers(&headers)
    }

    #[test]
    fn headers_are_read_as_they_come() {
        let expected = XMatrix {
            origin: server_name!("a.example:8448").to_owned(),
            destination: Some(server_name!("b.example").to_owned()),
            key_id: "ed25519:1".to_owned(),
            signature: "Zm9v".to_owned(),
        };
        let check = |value: &str| assert_eq!(read(value).as_ref(), Ok(&expected), "{value}");
        check(r#"X-Matrix origin="a.example:8448",destination="b.example",key="ed25519:1",sig="Zm9v""#);
        check(r#"x-matrix  Sig=Zm9v , KEY=ed25519:1,origin=a.example:8448 ,destination="b.example", new=x"#);
        check(r#"X-Matrix origin="a.ex\ample:8448",destination="b.example",key="ed25519:1",sig="Zm9v","#);
    }

    #[test]
    fn what_is_no_header_says_why() {
        let malformed = |reason| Err(XMatrixError::Malformed(reason));
        assert_eq!(read("Bearer abc"), Err(XMatrixError::Missing));
        assert_eq!(read("X-Matrix origin=a.example,key=\"k"), malformed("not name=value"));
        assert_eq!(read("X-Matrix origin=a.example,key=k"), malformed("no sig"));
        assert_eq!(
            read("X-Matrix origin=a.example,origin=b.example"),
            malformed("a parameter stands there twice")
        );
        assert_eq!(read("X-Matrix origin=\"a b\",key=k,sig=s"), malformed("not a server name"));
        let long = format!("X-Matrix origin=a.example,key=k,sig={}", "s".repeat(HEADER_BYTES_MAX));
        assert_eq!(read(&long), malformed("too long"));
    }

    #[test]
    fn a_signature_covers_the_whole_request() {
        let key = SigningKey::generate([3; 32], "1").expect("a key");
        let request = || Signed {
            origin: server_name!("a.example"),
            destination: server_name!("b.example"),
            method: "PUT",
            uri: "/_matrix/federation/v1/send/1?x=y",
            body: br#"{"b": 1.5, "a": [100000000000000000000]}"#,
        };
        let header = read(&request().sign(&key).expect("signs")).expect("reads");
        let is_of = |request: &Signed<'_>| header.is_of(&key.public_key(), request).expect("is JSON");
        assert!(is_of(&request()));
        assert!(is_of(&Signed { body: br#"{"a":[100000000000000000000],"b":1.5}"#, ..request() }));
        assert!(!is_of(&Signed { body: b"{}", ..request() }));
        assert!(!is_of(&Signed { body: b"", ..request() }));
        assert!(!is_of(&Signed { uri: "/_matrix/federation/v1/send/1", ..request() }));
        assert!(!is_of(&Signed { method: "POST", ..request() }));
        assert!(!is_of(&Signed { destination: server_name!("c.example"), ..request() }));
        assert!(Signed { body: b"[", ..request() }.sign(&key).is_err());
    }
}
