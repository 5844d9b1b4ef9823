//! The client-server API, one module per area of `src/api-client`.

mod room;
