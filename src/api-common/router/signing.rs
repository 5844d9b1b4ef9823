//! Requests that write into rooms with a policy server: once what they want to write has been signed they are made
//! again, from the beginning, as if they had come just then.
//! <https://spec.matrix.org/v1.19/server-server-api/#policy-servers>

use std::{sync::Arc, time::Duration};

use axum::response::Response;

use crate::{ApiError, App};

/// How many events of one request may need a signature each.
const SIGNATURES_MAX: usize = 20;
/// How long somebody waits whose request needed more.
const RETRY: Duration = Duration::from_secs(5);

/// Does the work of a request, again and again while something has to be signed for it. The work is told whether it has
/// been done before.
pub(super) async fn with_signatures<F>(
    app: &Arc<App>,
    work: impl Fn(bool) -> F + Send,
) -> Result<Response, ApiError>
where
    F: Future<Output = Result<Response, ApiError>> + Send,
{
    for round in 0..=SIGNATURES_MAX {
        match work(round > 0).await {
            Ok(response) => return Ok(response),
            Err(error) => app.rooms.have_signed(error.into_unsigned()?).await?,
        }
    }
    Err(ApiError::limit_exceeded(RETRY))
}
