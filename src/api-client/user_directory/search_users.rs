//! `POST /_matrix/client/v3/user_directory/search` — finds people by name or id.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3user_directorysearch>

use kith_api_common::{ApiError, Call, Limit};
use ruma::api::client::user_directory::search_users::v3::{Request, Response, User};

pub(crate) async fn handler(call: Call, request: Request) -> Result<Response, ApiError> {
    let requester = call.full_user()?.clone();
    call.limit(Limit::UserDirectory)?;
    let limit = usize::try_from(u64::from(request.limit)).unwrap_or(usize::MAX);
    call.app.search.freshen_people().await;
    let (search, term) = (call.app.search.clone(), request.search_term);
    let found = call.app.tasks.blocking(move || search.users(&requester, &term, limit)).await?;
    let people = found.people.into_iter().map(|person| User {
        user_id: person.user_id,
        display_name: person.display_name,
        avatar_url: person.avatar_url.map(Into::into),
    });
    Ok(Response { results: people.collect(), limited: found.limited })
}
