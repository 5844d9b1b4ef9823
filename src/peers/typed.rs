//! Requests and answers as ruma's types.

use http::Response;
use kith_base::outgoing::OutgoingAnswer;
use kith_event::json::ENVELOPE_DEPTH_MAX;
use ruma::{
    ServerName,
    api::{
        IncomingResponse, IncomingResponseExt, Metadata, OutgoingBody, OutgoingRequest, error::IntoHttpError,
        path_builder::SinglePath,
    },
};

use crate::{
    Patience, PeerError, Peers,
    asker::{ANSWER_DEPTH_MAX, Question},
};

impl Peers {
    /// Asks a server. The request is signed, whatever its type says, since no server minds.
    pub async fn ask<T>(&self, server: &ServerName, request: T) -> Result<T::IncomingResponse, PeerError>
    where
        T: OutgoingRequest + Metadata<PathBuilder = SinglePath>,
    {
        self.ask_with(server, request, Patience::USUAL).await
    }

    /// [`Peers::ask`] with other patience.
    pub async fn ask_with<T>(
        &self,
        server: &ServerName,
        request: T,
        patience: Patience,
    ) -> Result<T::IncomingResponse, PeerError>
    where
        T: OutgoingRequest + Metadata<PathBuilder = SinglePath>,
    {
        self.ask_within(server, request, patience, ANSWER_DEPTH_MAX).await
    }

    /// [`Peers::ask_with`], for what is answered with events, each of which is read by itself: one that is nested too
    /// deep costs only itself.
    pub async fn ask_for_events<T>(
        &self,
        server: &ServerName,
        request: T,
        patience: Patience,
    ) -> Result<T::IncomingResponse, PeerError>
    where
        T: OutgoingRequest + Metadata<PathBuilder = SinglePath>,
    {
        self.ask_within(server, request, patience, ENVELOPE_DEPTH_MAX).await
    }

    async fn ask_within<T>(
        &self,
        server: &ServerName,
        request: T,
        patience: Patience,
        depth_max: usize,
    ) -> Result<T::IncomingResponse, PeerError>
    where
        T: OutgoingRequest + Metadata<PathBuilder = SinglePath>,
    {
        let (path, body) = write(request).map_err(|error| PeerError::BadRequest(error.to_string()))?;
        let question =
            Question { method: T::METHOD, path_and_query: &path, body: Some(body), patience, signed: true };
        read(self.asker.ask_within(server, question, depth_max).await?)
    }
}

/// The path with the query, and the body.
fn write<T>(request: T) -> Result<(String, Vec<u8>), IntoHttpError>
where
    T: OutgoingRequest + Metadata<PathBuilder = SinglePath>,
{
    let (parts, body) = request.try_into_http_request_inner("", ())?.into_parts();
    let body: Vec<u8> = body.try_into_buf().map_err(Into::into)?;
    Ok((parts.uri.to_string(), body))
}

fn read<R: IncomingResponse>(answer: OutgoingAnswer) -> Result<R, PeerError> {
    let mut builder = Response::builder().status(answer.status);
    if let Some(headers) = builder.headers_mut() {
        *headers = answer.headers;
    }
    let response = builder.body(&answer.body[..]).map_err(|error| PeerError::BadAnswer(error.to_string()))?;
    R::try_from_http_response(response).map_err(|error| PeerError::BadAnswer(error.to_string()))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use ruma::{api::federation::discovery::get_server_version, room_id};

    use super::*;

    #[test]
    fn requests_become_paths_and_bodies() {
        use ruma::api::federation::membership::prepare_join_event::v1::Request;
        let user = ruma::user_id!("@a:a.example").to_owned();
        let mut request = Request::new(room_id!("!r/x:b.example").to_owned(), user);
        request.ver = vec![ruma::RoomVersionId::V11];
        let (path, body) = write(request).expect("writes");
        assert_eq!(path, "/_matrix/federation/v1/make_join/!r%2Fx:b.example/@a:a.example?ver=11");
        assert!(body.is_empty());
    }

    #[test]
    fn answers_become_types() {
        let read = |body: &'static str| {
            read::<get_server_version::v1::Response>(OutgoingAnswer {
                status: 200,
                headers: HeaderMap::new(),
                body: Bytes::from_static(body.as_bytes()),
            })
        };
        let answer = read(r#"{"server":{"name":"Other"}}"#).expect("reads");
        assert_eq!(answer.server.and_then(|server| server.name).as_deref(), Some("Other"));
        assert!(matches!(read("nothing"), Err(PeerError::BadAnswer(_))));
    }
}
