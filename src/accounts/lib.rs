//! Users and everything that proves who somebody is: accounts, devices, tokens, passwords, user-interactive
//! authentication, profiles, account data, stored filters, application-service registrations.
//!
//! The crate yields a [`Requester`] for an access token, and verbs on [`Accounts`]. It knows no HTTP and no room: what
//! follows elsewhere (a changed name in every room, leaving all rooms) is returned to the caller, who asks the room
//! domain for it. Every write happens in the lane of its user, so that no verb needs to think of a second one.

mod account;
mod account_data;
mod accounts;
mod appservices;
mod authenticate;
mod bindings;
mod deactivate;
mod devices;
mod external;
mod filters;
mod lanes;
mod localpart;
mod login;
mod mails;
mod moderate;
mod openid;
mod passwords;
mod profiles;
mod register;
mod registration_tokens;
mod requester;
mod reset;
mod sessions;
mod shared_secret;
mod sweep;
mod tags;
mod threepids;
mod tokens;
mod turn;
mod uia;
mod uia_elsewhere;
mod validations;

pub use account::Account;
pub use account_data::{AccountDataError, AccountDataItem};
pub use accounts::{Accounts, Settings};
pub use appservices::{Appservice, AppserviceError, Appservices, Namespace};
pub use authenticate::{AuthenticateError, Credentials};
pub use bindings::Binding;
pub use deactivate::{DeactivateError, Deactivated};
pub use devices::{Device, DeviceError};
pub use external::{DIRECTORY, ExternalId, ExternalRegistration, Origin};
pub use filters::FilterError;
pub use kith_store::tables::accounts::{AccountKind, RateLimitOverride};
pub use kith_store::tables::threepids::ValidationPurpose;
pub use localpart::LocalpartError;
pub use login::{Login, LoginError};
pub use mails::{MailTemplateError, Mails};
pub use moderate::{ModerateError, Moderation};
pub use openid::OpenIdToken;
pub use passwords::PasswordError;
pub use profiles::{Profile, ProfileChange, ProfileError};
pub use register::{RegisterError, Registered, Registration};
pub use registration_tokens::{RegistrationToken, RegistrationTokenError};
pub use requester::Requester;
pub use reset::ResetError;
pub use sessions::{NewDevice, Session, SessionError};
pub use shared_secret::{SharedSecretError, SharedSecretRegistration};
pub use tags::TagError;
pub use threepids::{Threepid, ThreepidError};
pub use tokens::TokenHash;
pub use turn::{TurnCredentials, turn_credentials};
pub use uia::{Challenge, Refusal, Stage, UiaError};
pub use uia_elsewhere::UiaSession;
pub use validations::{BegunValidation, Validation, ValidationWish};

#[cfg(test)]
mod tests;
