//! The server-server API, as another server sees it: a peer inside the test with a user in a room of the real binary.

mod authenticated_media;
mod authentication;
mod authorization;
mod backfill;
mod device;
mod directory;
mod discovery;
mod event;
mod fast_joins;
mod fetching_media;
mod hostile;
mod keys;
mod membership;
mod openid;
mod policy;
mod query;
mod shared;
mod space;
mod thirdparty;
mod together;
mod transactions;
mod visiting;
