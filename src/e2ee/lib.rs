//! What end-to-end encryption needs of a server: keys of devices and users, to-device messages, backups.
//!
//! Deliberately absent: any secret. What is kept here is public or encrypted by clients.
