//! Registration by programs that know the shared secret.

mod create_nonce;
mod register_with_shared_secret;

const PATH: &str = "/_synapse/admin/v1/register";
