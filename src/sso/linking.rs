//! Which account a person at another service comes to: the one they had last time; or else, where the operator allows it,
//! the one with their address or their name; or else a new one.

use kith_accounts::{AccountKind, ExternalId, ExternalRegistration, RegisterError};
use kith_store::{Error, UserSid};
use serde_json::Value;

use crate::{
    Sso, SsoError,
    oidc::{OidcError, Person, Provider},
};

impl Sso {
    /// The account of a person; it is made if need be. Reads and writes the store.
    pub(crate) fn account_of(&self, provider: &Provider, person: &Person) -> Result<UserSid, SsoError> {
        if let Some(user) = self.accounts.find_external(&person.id)? {
            return Ok(user);
        }
        let settings = provider.settings();
        let name = provider.render("localpart", &person.claims);
        let email = provider.render("email", &person.claims);
        let email = email.filter(|_| is_true(person.claims.get("email_verified")));
        if settings.link_by_email
            && let Some(email) = &email
            && let Some(user) = self.accounts.find_threepid_owner("email", email)?
            && self.link(user, &person.id)?
        {
            return Ok(user);
        }
        if settings.link_by_name
            && let Some(name) = &name
            && let Some(user) = self.accounts.find_by_name(name)?
            && self.link(user, &person.id)?
        {
            return Ok(user);
        }
        if !settings.register {
            return Err(SsoError::NoAccount);
        }
        let name = name.ok_or(OidcError::NoName)?;
        let localpart = possible_localpart(&name);
        let display_name = provider.render("display_name", &person.claims);
        let wish = ExternalRegistration {
            id: Some(&person.id),
            localpart: &localpart,
            numbered: true,
            display_name: display_name.as_deref(),
            email: email.as_deref(),
        };
        let made = match self.accounts.register_external(&wish) {
            // Somebody pressed the button twice.
            Err(RegisterError::AlreadyLinked) => None,
            Err(RegisterError::Localpart(_)) => return Err(OidcError::NoName.into()),
            other => Some(other?),
        };
        if let Some(made) = made {
            tracing::info!(user = %made.user_id, provider = settings.id, "an account was made at a first login");
        }
        self.accounts.find_external(&person.id)?.ok_or(SsoError::NoAccount)
    }

    /// Links somebody to the account of a person that nobody from that service has yet.
    pub(crate) fn link(&self, user: UserSid, id: &ExternalId) -> Result<bool, Error> {
        let account = self.accounts.account(user)?;
        if account.is_none_or(|account| account.deactivated || account.kind != AccountKind::User) {
            return Ok(false);
        }
        let others = self.accounts.external_ids(user)?;
        if others.iter().any(|other| other.provider == id.provider) {
            return Ok(false);
        }
        self.accounts.link_external(user, id)
    }
}

/// A user name as near to this one as names here may be.
fn possible_localpart(name: &str) -> String {
    let allowed = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || "._=-/+".contains(character)
    };
    let name = name.to_lowercase();
    let replaced: String =
        name.chars().map(|character| if allowed(character) { character } else { '_' }).collect();
    // A leading underscore is for application services.
    replaced.trim_start_matches('_').to_owned()
}

fn is_true(claim: Option<&Value>) -> bool {
    // Some services write it as a text.
    claim.is_some_and(|value| value.as_bool() == Some(true) || value.as_str() == Some("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_possible() {
        let check = |name: &str, expected: &str| assert_eq!(possible_localpart(name), expected);
        check("alice", "alice");
        check("Alice Müller", "alice_m_ller");
        check("a@b.example", "a_b.example");
        check("_bot", "bot");
        check("日本", "");
    }
}
