//! Media: blobs, thumbnails, files of other servers, previews of web pages, retention and quotas.
//!
//! Deliberately absent: HTTP routes, and who may see a room.
