//! `GET /.well-known/matrix/support` — whom to turn to.
//! <https://spec.matrix.org/v1.19/client-server-api/#getwell-knownmatrixsupport>

use kith_api_common::{ApiError, Call};
use kith_config::SupportContact;
use ruma::{
    UserId,
    api::client::discovery::discover_support::{Contact, ContactRole, Request, Response},
};

pub(crate) fn handler(call: &Call, _: Request) -> Result<Response, ApiError> {
    let well_known = &call.app.config.well_known;
    let contacts: Vec<Contact> = well_known.support_contacts.iter().map(contact).collect();
    if contacts.is_empty() && well_known.support_page.is_none() {
        return Err(ApiError::not_found("This server names nobody to turn to"));
    }
    Ok(Response { contacts, support_page: well_known.support_page.clone() })
}

fn contact(configured: &SupportContact) -> Contact {
    Contact {
        role: ContactRole::from(configured.role.as_str()),
        email_address: configured.email_address.clone(),
        matrix_id: configured.matrix_id.as_deref().and_then(|id| UserId::parse(id).ok()),
    }
}
