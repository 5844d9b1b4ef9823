//! `[[oidc_providers]]`: services people log in with, by OpenID Connect.

use crate::Secret;
use serde::{Deserialize, Serialize};

/// Services people log in with (Keycloak, Authentik, Google, …), by OpenID Connect. Repeat the table for several. Register
/// this server with each under the redirect address <public_base_url>/_matrix/client/unstable/sso/callback, and for
/// logging out from there under <public_base_url>/_matrix/client/unstable/sso/backchannel_logout/<id>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcProvider {
    /// A short name of letters, digits, "-", "_" and "."; part of links, and of what is stored about each account.
    pub id: String,

    /// What people are shown.
    pub name: String,

    /// Which known service it is, so that clients show its picture: "apple", "facebook", "github", "gitlab", "google"
    /// or "twitter".
    ///
    /// Example: "gitlab"
    pub brand: Option<String>,

    /// A picture for clients to show.
    ///
    /// Example: "mxc://example.org/picture"
    pub icon: Option<String>,

    /// The service's address, under which it says where everything else is (/.well-known/openid-configuration).
    pub issuer: String,

    /// The name under which this server is registered there.
    pub client_id: String,

    /// The secret that goes with it; none for public clients.
    ///
    /// Example: "a long random text"
    pub client_secret: Option<Secret>,

    /// What to ask for; "openid" is needed.
    pub scopes: Vec<String>,

    /// Ask the service for the claims about a user (its userinfo endpoint) beside what the id token says.
    pub userinfo: bool,

    /// The user name of new accounts: a template (minijinja) over the claims, `user`. If the name is taken, a number is
    /// put behind it.
    pub localpart: String,

    /// The display name of new accounts.
    pub display_name: String,

    /// The email address of new accounts, believed if the claim email_verified is true.
    pub email: String,

    /// Make an account for whoever has none yet. False lets in only people whose accounts are linked.
    pub register: bool,

    /// Link people who come for the first time to the account that has their user name already. Only for services whose
    /// names are given out by yourself: whoever chooses a name there gets the account here.
    pub link_by_name: bool,

    /// Link people who come for the first time to the account with their email address, if both services have
    /// confirmed it.
    pub link_by_email: bool,
}

impl Default for OidcProvider {
    fn default() -> OidcProvider {
        OidcProvider {
            id: "example".to_owned(),
            name: "Example".to_owned(),
            brand: None,
            icon: None,
            issuer: "https://id.example.org".to_owned(),
            client_id: "kith".to_owned(),
            client_secret: None,
            scopes: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            userinfo: false,
            localpart: "{{ user.preferred_username }}".to_owned(),
            display_name: "{{ user.name }}".to_owned(),
            email: "{{ user.email }}".to_owned(),
            register: true,
            link_by_name: false,
            link_by_email: false,
        }
    }
}
