//! Failures of writing rooms.

use std::time::Duration;

use http::StatusCode;
use kith_rooms::{
    WriteError, aliases::AliasError, create::CreateError, delayed::DelayError, membership::MembershipError,
    notices::NoticeError, publication::PublicationError, redact_user::UserRedactionError,
    report::ReportError, send::SendError, shut_down::ShutDownError,
};
use ruma::api::error::ErrorKind;

use super::sentence;
use crate::ApiError;

/// How long somebody waits who came when too many were writing the same room.
const BUSY_RETRY: Duration = Duration::from_secs(2);

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Store(error) => error.into(),
            WriteError::Busy => Self::limit_exceeded(BUSY_RETRY),
            WriteError::Refused(reason) => Self::forbidden(sentence(&reason)),
            WriteError::Unsigned(unsigned) => Self::unsigned(unsigned),
            WriteError::NoPolicy(reason) => {
                Self::new(StatusCode::BAD_GATEWAY, ErrorKind::Unknown, sentence(&reason))
            }
            WriteError::Suspended => {
                Self::forbidden_kind(ErrorKind::UserSuspended, sentence(&error.to_string()))
            }
            WriteError::TooLarge(what) => Self::too_large(sentence(&what)),
            WriteError::Malformed(what) => Self::bad_json(sentence(&what)),
            WriteError::Unresolvable(_) => Self::internal(&error),
        }
    }
}

impl From<SendError> for ApiError {
    fn from(error: SendError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            SendError::Write(error) => error.into(),
            SendError::DuplicateReaction => Self::bad_request(ErrorKind::DuplicateAnnotation, message),
            SendError::ThreadInThread => Self::bad_request(ErrorKind::Unknown, message),
            SendError::BadAlias(_) => Self::bad_request(ErrorKind::BadAlias, message),
            SendError::NotFound => Self::not_found(message),
            SendError::Invalid(_) => Self::invalid_param(message),
            SendError::Membership(error) => error.into(),
        }
    }
}

impl From<DelayError> for ApiError {
    fn from(error: DelayError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            // As the proposal has it before it is accepted, and under the name that clients in the field know.
            DelayError::TooLong(max_ms) => Self::json(
                StatusCode::BAD_REQUEST,
                serde_json::json!({
                    "errcode": "ORG.MATRIX.MSC4140_MAX_DELAY_EXCEEDED",
                    "error": message,
                    "org.matrix.msc4140.errcode": "M_MAX_DELAY_EXCEEDED",
                    "org.matrix.msc4140.max_delay": max_ms,
                }),
            ),
            DelayError::TooMany(next_ms) => Self::limit_exceeded(Duration::from_millis(next_ms)),
            DelayError::NotFound => Self::not_found(message),
            DelayError::Ended(_) => Self::new(StatusCode::CONFLICT, ErrorKind::Unknown, message),
            DelayError::Send(error) => error.into(),
        }
    }
}

impl From<MembershipError> for ApiError {
    fn from(error: MembershipError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            MembershipError::Write(error) => error.into(),
            MembershipError::UnknownRoom => Self::not_found(message),
            MembershipError::Blocked | MembershipError::NoVoucher => Self::forbidden(message),
            MembershipError::NoGuests => Self::forbidden_kind(ErrorKind::GuestAccessForbidden, message),
            MembershipError::NoticesRoom => {
                Self::forbidden_kind(ErrorKind::CannotLeaveServerNoticeRoom, message)
            }
            MembershipError::InviteBlocked(_) => Self::forbidden_kind(ErrorKind::InviteBlocked, message),
            MembershipError::NotBanned(_) => Self::forbidden_kind(ErrorKind::BadState, message),
            MembershipError::Remote { status, errcode, message } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                Self::json(status, serde_json::json!({ "errcode": errcode, "error": message }))
            }
            MembershipError::NoHelp(_) => Self::new(StatusCode::BAD_GATEWAY, ErrorKind::Unknown, message),
            MembershipError::Identity(error) => error.into(),
            MembershipError::StillThere => Self::bad_request(ErrorKind::Unknown, message),
            MembershipError::Malformed(_) => Self::bad_json(message),
        }
    }
}

impl From<NoticeError> for ApiError {
    fn from(error: NoticeError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            NoticeError::Off | NoticeError::SenderClosed | NoticeError::NotLocal => {
                Self::bad_request(ErrorKind::Unknown, message)
            }
            NoticeError::UnknownUser => Self::not_found(message),
            NoticeError::Account(error) => error.into(),
            NoticeError::Profile(error) => error.into(),
            NoticeError::Create(error) => error.into(),
            NoticeError::Tag(error) => error.into(),
            NoticeError::Membership(error) => error.into(),
            NoticeError::Send(error) => error.into(),
            NoticeError::Store(error) => error.into(),
        }
    }
}

impl From<UserRedactionError> for ApiError {
    fn from(error: UserRedactionError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            UserRedactionError::UnknownUser | UserRedactionError::UnknownRoom(_) => Self::not_found(message),
            UserRedactionError::Busy => Self::bad_request(ErrorKind::Unknown, message),
            UserRedactionError::Store(error) => error.into(),
        }
    }
}

impl From<ShutDownError> for ApiError {
    fn from(error: ShutDownError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            ShutDownError::UnknownRoom => Self::not_found(message),
            ShutDownError::UnknownUser(_) | ShutDownError::Busy => {
                Self::bad_request(ErrorKind::Unknown, message)
            }
            ShutDownError::Create(error) => error.into(),
            ShutDownError::Send(error) => error.into(),
            ShutDownError::Store(error) => error.into(),
        }
    }
}

impl From<AliasError> for ApiError {
    fn from(error: AliasError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            AliasError::Write(error) => error.into(),
            AliasError::NotFound | AliasError::UnknownRoom => Self::not_found(message),
            AliasError::NoAnswer(_) => Self::new(StatusCode::BAD_GATEWAY, ErrorKind::Unknown, message),
            AliasError::Taken => Self::new(StatusCode::CONFLICT, ErrorKind::Unknown, message),
            AliasError::Invalid(_) => Self::invalid_param(message),
            AliasError::Reserved => Self::bad_request(ErrorKind::Exclusive, message),
            AliasError::Forbidden(_) => Self::forbidden(message),
        }
    }
}

impl From<CreateError> for ApiError {
    fn from(error: CreateError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            CreateError::Write(error) => error.into(),
            CreateError::Alias(AliasError::Taken) => Self::bad_request(ErrorKind::RoomInUse, message),
            CreateError::Alias(error) => error.into(),
            CreateError::Invite(error) => error.into(),
            CreateError::UnsupportedVersion(_) => {
                Self::bad_request(ErrorKind::UnsupportedRoomVersion, message)
            }
            CreateError::InvalidState(_) => Self::bad_request(ErrorKind::InvalidRoomState, message),
            CreateError::Invalid(_) => Self::invalid_param(message),
            CreateError::NotPublished => Self::forbidden(message),
        }
    }
}

impl From<PublicationError> for ApiError {
    fn from(error: PublicationError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            PublicationError::Write(error) => error.into(),
            PublicationError::UnknownRoom => Self::not_found(message),
            PublicationError::Forbidden(_) => Self::forbidden(message),
        }
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::NotFound => Self::not_found(sentence(&error.to_string())),
            ReportError::Store(error) => error.into(),
        }
    }
}
