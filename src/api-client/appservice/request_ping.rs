//! `POST /_matrix/client/v1/appservice/{appserviceId}/ping` — asks this server to ping an application service.
//! <https://spec.matrix.org/v1.19/application-service-api/#pinging>

use http::{Method, StatusCode};
use kith_api_common::{ApiError, Call};
use kith_base::outgoing::{OutgoingError, OutgoingRequest};
use ruma::api::{
    client::appservice::request_ping::v1::{Request, Response},
    error::{BadStatusErrorData, ErrorKind},
};

/// How much of a strange answer is shown to the application service, in bytes.
const SHOWN_BYTES_MAX: usize = 1_024;

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let service = call.requester()?.appservice.clone();
    let service = service.filter(|service| service.id == request.appservice_id);
    let service =
        service.ok_or_else(|| ApiError::forbidden("This token is not that application service's"))?;
    let url = service.url.as_ref().ok_or_else(|| {
        ApiError::bad_request(ErrorKind::UrlNotSet, "The application service's registration has no url")
    })?;
    let start = call.app.clock.instant();
    let body = serde_json::json!({"transaction_id": request.transaction_id});
    let outcome = call.app.outgoing.send_to_trusted(OutgoingRequest {
        headers: vec![
            ("authorization".to_owned(), format!("Bearer {}", service.hs_token.reveal())),
            ("content-type".to_owned(), "application/json".to_owned()),
        ],
        body: body.to_string().into_bytes(),
        ..OutgoingRequest::new(Method::POST, format!("{}/_matrix/app/v1/ping", url.trim_end_matches('/')))
    });
    let answer = outcome.await.map_err(explain)?;
    if !(200..300).contains(&answer.status) {
        let shown = &answer.body[..answer.body.len().min(SHOWN_BYTES_MAX)];
        let kind = ErrorKind::BadStatus(BadStatusErrorData {
            status: StatusCode::from_u16(answer.status).ok(),
            body: Some(String::from_utf8_lossy(shown).into_owned()),
        });
        return Err(ApiError::new(StatusCode::BAD_GATEWAY, kind, "The application service said no"));
    }
    call.app.bridges.heard_from(&service.id);
    Ok(Response { duration: call.app.clock.instant().duration_since(start) })
}

fn explain(error: OutgoingError) -> ApiError {
    match error {
        OutgoingError::Timeout => ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            ErrorKind::ConnectionTimeout,
            "The application service did not answer in time",
        ),
        other => ApiError::new(StatusCode::BAD_GATEWAY, ErrorKind::ConnectionFailed, other.to_string()),
    }
}
