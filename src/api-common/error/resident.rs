//! Failures of what is done for users of other servers.

use http::StatusCode;
use kith_rooms::resident::ResidentError;
use ruma::{
    RoomVersionId,
    api::error::{ErrorKind, IncompatibleRoomVersionErrorData},
};

use super::sentence;
use crate::ApiError;

impl From<ResidentError> for ApiError {
    fn from(error: ResidentError) -> Self {
        let message = sentence(&error.to_string());
        match error {
            ResidentError::Write(error) => error.into(),
            ResidentError::UnknownRoom(_) | ResidentError::Incomplete(_) | ResidentError::UnknownUser(_) => {
                Self::not_found(message)
            }
            ResidentError::WrongServer(_)
            | ResidentError::Denied
            | ResidentError::RoomClosed
            | ResidentError::Unverified(_) => Self::forbidden(message),
            ResidentError::IncompatibleVersion(version) => match RoomVersionId::try_from(version) {
                Ok(room_version) => {
                    let data = IncompatibleRoomVersionErrorData { room_version };
                    Self::bad_request(ErrorKind::IncompatibleRoomVersion(data), message)
                }
                // What cannot even be the name of a version cannot be repeated as one.
                Err(_) => Self::invalid_param(message),
            },
            ResidentError::UnableToAuthorise => Self::bad_request(ErrorKind::UnableToAuthorizeJoin, message),
            ResidentError::UnableToGrant => Self::bad_request(ErrorKind::UnableToGrantJoin, message),
            ResidentError::Invalid(_) => Self::invalid_param(message),
            ResidentError::MissingState(_) => Self::bad_request(ErrorKind::MissingParam, message),
            ResidentError::TooLarge(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorKind::TooLarge, message)
            }
            ResidentError::Invite(error) => error.into(),
        }
    }
}
