//! Not an endpoint: how a room is shut down, and what is told of it.
//! <https://element-hq.github.io/synapse/latest/admin_api/rooms.html#delete-room-api>

use kith_api_common::{ApiError, Call};
use kith_rooms::shut_down::{ShutDown, ShutDownStatus, ShutDownWish, ShuttingDown, Successor};
use ruma::OwnedUserId;
use serde::Deserialize;
use serde_json::{Value, json};

/// What the new room is called, and says, where nobody says.
const ROOM_NAME: &str = "Content Violation Notification";
const MESSAGE: &str =
    "Sharing illegal content on this server is not permitted and rooms in violation will be blocked.";

/// What is wanted. Whether rows are to be purged is understood and makes no difference: they stay on the disk.
#[derive(Deserialize)]
pub(crate) struct Wish {
    new_room_user_id: Option<OwnedUserId>,
    room_name: Option<String>,
    message: Option<String>,
    #[serde(default)]
    block: bool,
    #[serde(default, rename = "purge")]
    _purge: bool,
    #[serde(default, rename = "force_purge")]
    _force_purge: bool,
}

impl Wish {
    pub(super) fn understand(self, call: &Call) -> Result<ShutDownWish, ApiError> {
        call.admin()?;
        let successor = self.new_room_user_id.map(|user_id| Successor {
            user_id,
            name: self.room_name.unwrap_or_else(|| ROOM_NAME.to_owned()),
            message: self.message.unwrap_or_else(|| MESSAGE.to_owned()),
        });
        Ok(ShutDownWish { block: self.block, successor })
    }
}

/// What became of a room.
pub(super) fn outcome(done: &ShutDown) -> Value {
    json!({
        "kicked_users": done.kicked,
        "failed_to_kick_users": done.failed,
        "local_aliases": done.aliases,
        "new_room_id": done.new_room_id,
    })
}

/// How far a deletion has come.
pub(super) fn status(deletion: &ShutDownStatus) -> Value {
    let nothing = ShutDown::default();
    let (word, error, done) = match &deletion.progress {
        ShuttingDown::Active => ("active", None, &nothing),
        ShuttingDown::Complete(done) => ("complete", None, done),
        ShuttingDown::Failed(error) => ("failed", Some(error), &nothing),
    };
    let mut status = json!({
        "delete_id": deletion.id,
        "room_id": deletion.room_id,
        "status": word,
        "shutdown_room": outcome(done),
    });
    if let Some(error) = error {
        status["error"] = error.as_str().into();
    }
    status
}
