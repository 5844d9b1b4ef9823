//! Who uses how much of this server.

mod list_user_media;
