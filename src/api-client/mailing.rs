//! Mails that confirm an address: what the three endpoints that ask for one have in common.

use std::sync::Arc;

use kith_accounts::{ValidationPurpose, ValidationWish};
use kith_api_common::{ApiError, App, Call, Limit};
use kith_base::{Mail, Mailer};
use ruma::{ClientSecret, OwnedSessionId, SessionId, UInt, api::error::ErrorKind};

/// What a client says when it asks for a mail.
pub(crate) struct Wish<'a> {
    pub(crate) purpose: ValidationPurpose,
    pub(crate) address: &'a str,
    pub(crate) client_secret: &'a ClientSecret,
    pub(crate) send_attempt: UInt,
    pub(crate) next_link: Option<&'a str>,
}

/// Sends a mail with a link that confirms the address, unless it was sent before. Returns the session.
pub(crate) async fn send_link(call: &Call, wish: Wish<'_>) -> Result<OwnedSessionId, ApiError> {
    let app = &call.app;
    let Some(mailer) = app.mailer.clone() else {
        return Err(ApiError::forbidden_kind(ErrorKind::ThreepidDenied, "This server sends no mails"));
    };
    call.limit_by_address(Limit::MailPerAddress)?;
    app.rate_limiter.check(app, Limit::MailPerRecipient, &wish.address.to_lowercase())?;
    let (accounts, purpose) = (Arc::clone(&app.accounts), wish.purpose);
    let (address, client_secret) = (wish.address.to_owned(), wish.client_secret.to_owned());
    let (send_attempt, next_link) = (u64::from(wish.send_attempt), wish.next_link.map(str::to_owned));
    let begin = move || {
        accounts.begin_validation(&ValidationWish {
            purpose,
            address: &address,
            client_secret: client_secret.as_str(),
            send_attempt,
            next_link: next_link.as_deref(),
        })
    };
    let begun = app.tasks.blocking(begin).await?;
    let session = SessionId::parse(&begun.session).map_err(|error| ApiError::internal(&error))?;
    if let Some(mail) = begun.mail {
        if app.config.email.hide_accounts {
            // Nobody is to tell from the time an answer takes whether there is anything to send.
            send_later(app, mailer, mail, begun.session);
        } else if !deliver(app, &mailer, mail, begun.session).await {
            return Err(ApiError::internal(&"a mail was not sent"));
        }
    }
    Ok(session)
}

fn send_later(app: &Arc<App>, mailer: Mailer, mail: Mail, session: String) {
    let sending = Arc::clone(app);
    app.tasks.spawn("mail", async move {
        deliver(&sending, &mailer, mail, session).await;
    });
}

/// Whether the relay took the mail. If not, the client may ask again without counting on.
async fn deliver(app: &App, mailer: &Mailer, mail: Mail, session: String) -> bool {
    let Err(error) = mailer.send(mail).await else {
        return true;
    };
    tracing::warn!(%error, "a mail that confirms an address was not sent");
    let accounts = Arc::clone(&app.accounts);
    if let Err(error) = app.tasks.blocking(move || accounts.mail_was_not_sent(&session)).await {
        tracing::error!(%error, "a mail that was not sent counts as sent");
    }
    false
}

/// What the endpoints for telephone numbers answer: this server sends no text messages.
pub(crate) fn no_text_messages() -> ApiError {
    ApiError::forbidden_kind(ErrorKind::ThreepidDenied, "This server does not take telephone numbers")
}
