//! Failures of accounts: authentication, registration, sessions, and what users keep here.

use std::time::Duration;

use http::StatusCode;
use kith_accounts::{
    AccountDataError, AuthenticateError, Challenge, DeactivateError, DeviceError, FilterError,
    LocalpartError, LoginError, ModerateError, PasswordError, ProfileError, Refusal, RegisterError,
    RegistrationTokenError, ResetError, SessionError, SharedSecretError, TagError, ThreepidError, UiaError,
};
use ruma::api::error::ErrorKind;
use serde_json::{Value, json};

use crate::ApiError;

/// How long somebody waits who came when too many were logging in.
const BUSY_RETRY: Duration = Duration::from_secs(2);

impl From<AuthenticateError> for ApiError {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::UnknownToken => Self::unknown_token(false),
            AuthenticateError::Expired => Self::unknown_token(true),
            AuthenticateError::Locked => locked(),
            AuthenticateError::NotInNamespace | AuthenticateError::NotRegistered => {
                Self::forbidden(error.to_string())
            }
            AuthenticateError::UnknownDevice => {
                Self::bad_request(ErrorKind::UnknownDevice, error.to_string())
            }
            AuthenticateError::Store(error) => error.into(),
        }
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::UnknownToken => Self::unknown_token(false),
            SessionError::Deactivated => deactivated(),
            SessionError::Locked => locked(),
            SessionError::PasswordChanged => Self::forbidden(error.to_string()),
            SessionError::BadDeviceId => Self::invalid_param(error.to_string()),
            SessionError::Store(error) => error.into(),
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Wrong => Self::forbidden("Invalid username, password or token"),
            LoginError::Deactivated => deactivated(),
            LoginError::Locked => locked(),
            LoginError::NotInNamespace => Self::bad_request(ErrorKind::Exclusive, error.to_string()),
            LoginError::Password(error) => error.into(),
            LoginError::Store(error) => error.into(),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooShort(_) | PasswordError::TooLong => {
                Self::bad_request(ErrorKind::WeakPassword, error.to_string())
            }
            PasswordError::InDirectory => Self::forbidden(error.to_string()),
            PasswordError::Busy => Self::limit_exceeded(BUSY_RETRY),
            PasswordError::Hash(_) => Self::internal(&error),
            PasswordError::Store(error) => error.into(),
        }
    }
}

impl From<LocalpartError> for ApiError {
    fn from(error: LocalpartError) -> Self {
        let kind = match error {
            LocalpartError::Malformed | LocalpartError::Numeric | LocalpartError::Underscore => {
                ErrorKind::InvalidUsername
            }
            LocalpartError::Exclusive | LocalpartError::Notices | LocalpartError::OutsideNamespace => {
                ErrorKind::Exclusive
            }
        };
        Self::bad_request(kind, error.to_string())
    }
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed
            | RegisterError::NoGuests
            | RegisterError::NotTheGuest
            | RegisterError::AlreadyLinked
            | RegisterError::TokenWithdrawn => Self::forbidden(error.to_string()),
            RegisterError::InUse => Self::bad_request(ErrorKind::UserInUse, "The user name is taken"),
            RegisterError::Missing(_) => Self::bad_request(ErrorKind::MissingParam, error.to_string()),
            RegisterError::Localpart(error) => error.into(),
            RegisterError::Password(error) => error.into(),
            RegisterError::Uia(error) => error.into(),
            RegisterError::Threepid(error) => error.into(),
            RegisterError::Session(error) => error.into(),
            RegisterError::Store(error) => error.into(),
        }
    }
}

impl From<SharedSecretError> for ApiError {
    fn from(error: SharedSecretError) -> Self {
        match error {
            SharedSecretError::Off
            | SharedSecretError::BadNonce
            | SharedSecretError::BadText
            | SharedSecretError::BadUserType => Self::bad_request(ErrorKind::Unknown, error.to_string()),
            SharedSecretError::BadMac => Self::forbidden_kind(ErrorKind::Unknown, error.to_string()),
            SharedSecretError::Register(error) => error.into(),
            SharedSecretError::Store(error) => error.into(),
        }
    }
}

impl From<RegistrationTokenError> for ApiError {
    fn from(error: RegistrationTokenError) -> Self {
        match error {
            RegistrationTokenError::Exists
            | RegistrationTokenError::Malformed
            | RegistrationTokenError::ExpiresInThePast
            | RegistrationTokenError::TooMany => Self::invalid_param(error.to_string()),
            RegistrationTokenError::NotFound => Self::not_found(error.to_string()),
            RegistrationTokenError::Store(error) => error.into(),
        }
    }
}

impl From<UiaError> for ApiError {
    fn from(error: UiaError) -> Self {
        match error {
            UiaError::Challenge(challenge) => {
                Self::json(StatusCode::UNAUTHORIZED, challenge_body(*challenge))
            }
            UiaError::OtherOperation | UiaError::OtherAccount | UiaError::Impossible => {
                Self::forbidden(error.to_string())
            }
            UiaError::Password(error) => error.into(),
            UiaError::Store(error) => error.into(),
        }
    }
}

impl From<ResetError> for ApiError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Password(error) => error.into(),
            ResetError::Uia(error) => error.into(),
            ResetError::Threepid(error) => error.into(),
            ResetError::Store(error) => error.into(),
        }
    }
}

impl From<DeviceError> for ApiError {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::NotFound => Self::not_found(error.to_string()),
            DeviceError::NameTooLong => Self::bad_request(ErrorKind::TooLarge, error.to_string()),
            DeviceError::BadDeviceId => Self::invalid_param(error.to_string()),
            DeviceError::Store(error) => error.into(),
        }
    }
}

impl From<DeactivateError> for ApiError {
    fn from(error: DeactivateError) -> Self {
        match error {
            DeactivateError::NotFound => Self::not_found(error.to_string()),
            DeactivateError::Store(error) => error.into(),
        }
    }
}

impl From<ModerateError> for ApiError {
    fn from(error: ModerateError) -> Self {
        match error {
            ModerateError::NotAdmin | ModerateError::Administrator => Self::forbidden(error.to_string()),
            ModerateError::NotLocal => Self::invalid_param(error.to_string()),
            ModerateError::NotFound => Self::not_found(error.to_string()),
            ModerateError::Store(error) => error.into(),
        }
    }
}

impl From<ProfileError> for ApiError {
    fn from(error: ProfileError) -> Self {
        let message = error.to_string();
        match error {
            ProfileError::NotYours => Self::forbidden(message),
            ProfileError::Suspended => Self::forbidden_kind(ErrorKind::UserSuspended, message),
            ProfileError::NotFound => Self::not_found(message),
            ProfileError::BadName | ProfileError::BadValue => Self::invalid_param(message),
            ProfileError::NameTooLong => Self::bad_request(ErrorKind::KeyTooLarge, message),
            ProfileError::TooLarge => Self::bad_request(ErrorKind::ProfileTooLarge, message),
            ProfileError::Store(error) => error.into(),
        }
    }
}

impl From<AccountDataError> for ApiError {
    fn from(error: AccountDataError) -> Self {
        let message = error.to_string();
        match error {
            AccountDataError::OwnedByServer(_) => {
                Self::new(StatusCode::METHOD_NOT_ALLOWED, ErrorKind::BadJson, message)
            }
            AccountDataError::TooLarge => Self::too_large(message),
            AccountDataError::NotAnObject => Self::bad_json(message),
            AccountDataError::Store(error) => error.into(),
        }
    }
}

impl From<TagError> for ApiError {
    fn from(error: TagError) -> Self {
        match error {
            TagError::BadName | TagError::TooMany => Self::invalid_param(error.to_string()),
            TagError::Store(error) => error.into(),
        }
    }
}

impl From<FilterError> for ApiError {
    fn from(error: FilterError) -> Self {
        match error {
            FilterError::TooLarge | FilterError::TooMany => Self::too_large(error.to_string()),
            FilterError::Store(error) => error.into(),
        }
    }
}

impl From<ThreepidError> for ApiError {
    fn from(error: ThreepidError) -> Self {
        match error {
            ThreepidError::InUse => Self::bad_request(ErrorKind::ThreepidInUse, error.to_string()),
            ThreepidError::NotFound => Self::bad_request(ErrorKind::ThreepidNotFound, error.to_string()),
            ThreepidError::BadAddress => Self::invalid_param(error.to_string()),
            ThreepidError::UnknownSession | ThreepidError::NotValidated => {
                Self::bad_request(ErrorKind::ThreepidAuthFailed, error.to_string())
            }
            ThreepidError::Template(error) => Self::internal(&error),
            ThreepidError::Store(error) => error.into(),
        }
    }
}

/// 401; ruma adds `soft_logout`, so that clients keep their keys and go on when the account is unlocked.
fn locked() -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, ErrorKind::UserLocked, "This account has been locked")
}

fn deactivated() -> ApiError {
    ApiError::forbidden_kind(ErrorKind::UserDeactivated, "This account has been deactivated")
}

/// <https://spec.matrix.org/v1.19/client-server-api/#user-interactive-api-in-the-rest-api>
fn challenge_body(challenge: Challenge) -> Value {
    let stages =
        |flow: &Vec<kith_accounts::Stage>| flow.iter().map(|stage| stage.as_str()).collect::<Vec<_>>();
    let flows: Vec<Value> = challenge.flows.iter().map(|flow| json!({ "stages": stages(flow) })).collect();
    let mut body = json!({
        "session": challenge.session,
        "flows": flows,
        "params": challenge.parameters,
        "completed": challenge.completed,
    });
    if let Some(refusal) = challenge.refusal {
        body["errcode"] = refusal_code(refusal).into();
        body["error"] = refusal.as_str().into();
    }
    body
}

fn refusal_code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::WrongPassword | Refusal::SessionEnded => "M_FORBIDDEN",
        Refusal::BadToken | Refusal::AddressNotValidated | Refusal::NotCompleted => "M_UNAUTHORIZED",
        Refusal::CaptchaNotSolved => "M_CAPTCHA_INVALID",
        Refusal::NoSuchStage => "M_UNRECOGNIZED",
    }
}
