//! What types cannot say: bounds, and keys that need each other.

use crate::error::name_origin;
use crate::{Config, MediaStorage, Problem, RateLimits, RegistrationMode};
use figment::Figment;
use figment::value::Value;

const SECRET_CHARACTERS_MIN: usize = 10;
const JWT_SECRET_BYTES_MIN: usize = 32;
const MEMORY_BUDGET_MIB_MIN: u64 = 64;
const SEARCH_MEMORY_MIB_MIN: u64 = 16;
const TIMEOUT_MS_MIN: u64 = 100;
const HEADER_BYTES_MIN: usize = 8 * 1024;
const REQUEST_BODY_BYTES_MIN: usize = 64 * 1024;

/// Everything that is wrong with a configuration, each with the place its value comes from.
pub(crate) fn check(config: &Config, figment: &Figment) -> Vec<Problem> {
    let mut problems = Problems { figment, found: Vec::new() };
    check_names(config, &mut problems);
    check_listeners(config, &mut problems);
    check_registration(config, &mut problems);
    check_passwords(config, &mut problems);
    check_rate_limits(&config.rate_limits, &mut problems);
    check_bounds(config, &mut problems);
    check_turn(config, &mut problems);
    check_federation(config, &mut problems);
    check_media(config, &mut problems);
    check_email(config, &mut problems);
    check_logins(config, &mut problems);
    check_ldap(config, &mut problems);
    problems.found
}

struct Problems<'a> {
    figment: &'a Figment,
    found: Vec<Problem>,
}

impl Problems<'_> {
    /// Notes that `key` is wrong, unless `holds`.
    fn require(&mut self, holds: bool, key: &str, message: impl Into<String>) {
        if holds {
            return;
        }
        let origin = self.figment.find_metadata(key).and_then(name_origin);
        self.found.push(Problem { key: key.to_owned(), message: message.into(), origin });
    }

    fn require_url(&mut self, url: Option<&str>, key: &str) {
        let is_url = |url: &str| {
            let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            host.is_some_and(|host| {
                !host.is_empty() && !host.starts_with('/') && !host.contains(char::is_whitespace)
            })
        };
        self.require(url.is_none_or(is_url), key, "expected a URL that begins with https:// or http://");
    }
}

fn check_names(config: &Config, problems: &mut Problems<'_>) {
    let name = &config.server_name;
    let is_name = |character: char| character.is_ascii_alphanumeric() || ".-:[]".contains(character);
    let well_formed = !name.is_empty() && name.len() <= 230 && name.chars().all(is_name);
    problems.require(
        well_formed,
        "server_name",
        "expected a host name such as \"example.org\", at most 230 characters, without https:// and without a path",
    );
    problems.require(!config.data_dir.as_os_str().is_empty(), "data_dir", "expected a directory");
    problems.require_url(config.public_base_url.as_deref(), "public_base_url");
    problems.require_url(config.well_known.client.as_deref(), "well_known.client");
    problems.require_url(config.well_known.support_page.as_deref(), "well_known.support_page");
    let key = config.well_known.policy_server_key.as_deref();
    let is_key = |key: &str| {
        key.len() == 43 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte))
    };
    problems.require(
        key.is_none_or(is_key),
        "well_known.policy_server_key",
        "expected an ed25519 key in unpadded base64: 43 characters",
    );
    problems.require_url(config.rtc.livekit_service_url.as_deref(), "rtc.livekit_service_url");
    let notices = config.server_notices.localpart.as_deref();
    problems.require(
        notices.is_none_or(|name| {
            !name.is_empty()
                && name.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._=-/+".contains(&byte)
                })
        }),
        "server_notices.localpart",
        "expected a user name: a-z, 0-9 and . _ = - / +",
    );
    for (index, contact) in config.well_known.support_contacts.iter().enumerate() {
        let reachable = contact.email_address.is_some() || contact.matrix_id.is_some();
        let key = format!("well_known.support_contacts.{index}");
        problems.require(reachable, &key, "expected an email_address or a matrix_id");
        problems.require(!contact.role.is_empty(), &key, "expected a role");
    }
}

fn check_listeners(config: &Config, problems: &mut Problems<'_>) {
    problems.require(!config.listeners.is_empty(), "listeners", "at least one is needed");
    for (index, listener) in config.listeners.iter().enumerate() {
        let pair = listener.tls_certificate.is_some() == listener.tls_private_key.is_some();
        let key = format!("listeners.{index}");
        problems.require(pair, &key, "tls_certificate and tls_private_key go together: set both or none");
        problems.require(
            !listener.serves.is_empty(),
            &format!("{key}.serves"),
            "at least one value is needed",
        );
    }
}

fn check_registration(config: &Config, problems: &mut Problems<'_>) {
    let registration = &config.registration;
    let secret = registration.shared_secret.as_ref();
    problems.require(
        secret.is_none_or(|secret| secret.reveal().chars().count() >= SECRET_CHARACTERS_MIN),
        "registration.shared_secret",
        format!(
            "too short: whoever guesses it is administrator; at least {SECRET_CHARACTERS_MIN} characters"
        ),
    );
    problems.require_url(registration.terms_url.as_deref(), "registration.terms_url");
    problems.require(
        !registration.require_terms || registration.terms_url.is_some(),
        "registration.require_terms",
        "needs registration.terms_url, the page people consent to",
    );
    problems.require_url(registration.captcha_verify_url.as_deref(), "registration.captcha_verify_url");
    problems.require(
        registration.captcha_site_key.is_some() == registration.captcha_secret_key.is_some(),
        "registration.captcha_site_key",
        "captcha_site_key and captcha_secret_key go together: set both or none",
    );
}

fn check_passwords(config: &Config, problems: &mut Problems<'_>) {
    let passwords = &config.passwords;
    let between = |value: usize, low: usize, high: usize| (low..=high).contains(&value);
    let memory_kib = usize::try_from(passwords.memory_kib).unwrap_or(usize::MAX);
    let iterations = usize::try_from(passwords.iterations).unwrap_or(usize::MAX);
    let parallelism = usize::try_from(passwords.parallelism).unwrap_or(usize::MAX);
    let bounds = [
        ("memory_kib", memory_kib, 8_192, 1_048_576),
        ("iterations", iterations, 1, 100),
        ("parallelism", parallelism, 1, 16),
        ("hashes_at_once_max", passwords.hashes_at_once_max, 1, 64),
        ("length_min", passwords.length_min, 1, 128),
    ];
    for (key, value, low, high) in bounds {
        let message = format!("expected a number from {low} to {high}");
        problems.require(between(value, low, high), &format!("passwords.{key}"), message);
    }
}

fn check_rate_limits(limits: &RateLimits, problems: &mut Problems<'_>) {
    // The entries are walked as data, so that a new class cannot be forgotten here.
    let Ok(Value::Dict(_, classes)) = Value::serialize(limits) else { return };
    for (name, class) in classes {
        let Value::Dict(_, rate) = class else { continue };
        if name == "federation" {
            continue;
        }
        let per_second =
            rate.get("per_second").and_then(|value| value.to_num()).and_then(|number| number.to_f64());
        let burst = rate.get("burst").and_then(Value::to_u128);
        let key = format!("rate_limits.{name}");
        let refills = per_second.is_some_and(|rate| rate > 0.0 && rate.is_finite());
        problems.require(refills, &key, "per_second must be more than 0, or the bucket never fills again");
        problems.require(
            burst.is_some_and(|burst| burst >= 1),
            &key,
            "burst must be at least 1, or nothing passes",
        );
    }
    let federation = &limits.federation;
    let passes = federation.window_ms > 0 && federation.reject_from > 0 && federation.concurrent > 0;
    problems.require(
        passes,
        "rate_limits.federation",
        "window_ms, reject_from and concurrent must be at least 1, or nothing passes",
    );
}

fn check_bounds(config: &Config, problems: &mut Problems<'_>) {
    let at_least =
        |value: u64, least: u64, unit: &str| (value >= least, format!("expected at least {least}{unit}"));
    let from_usize = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    let limits = &config.limits;
    let body_bytes = from_usize(REQUEST_BODY_BYTES_MIN);
    let header_bytes = from_usize(HEADER_BYTES_MIN);
    let bounds = [
        ("storage.memory_budget_mib", config.storage.memory_budget_mib, MEMORY_BUDGET_MIB_MIN, " MiB"),
        (
            "accounts.access_token_lifetime_seconds",
            config.accounts.access_token_lifetime_seconds,
            60,
            " seconds",
        ),
        (
            "accounts.login_token_lifetime_seconds",
            config.accounts.login_token_lifetime_seconds,
            10,
            " seconds",
        ),
        ("limits.request_body_bytes_max", from_usize(limits.request_body_bytes_max), body_bytes, " bytes"),
        ("limits.connections_max", from_usize(limits.connections_max), 1, ""),
        ("limits.header_timeout_ms", limits.header_timeout_ms, TIMEOUT_MS_MIN, " ms"),
        ("limits.body_timeout_ms", limits.body_timeout_ms, TIMEOUT_MS_MIN, " ms"),
        ("limits.header_bytes_max", from_usize(limits.header_bytes_max), header_bytes, " bytes"),
        ("outgoing.connect_timeout_ms", config.outgoing.connect_timeout_ms, TIMEOUT_MS_MIN, " ms"),
        ("outgoing.request_timeout_ms", config.outgoing.request_timeout_ms, TIMEOUT_MS_MIN, " ms"),
        ("outgoing.response_bytes_max", from_usize(config.outgoing.response_bytes_max), 1_024, " bytes"),
        ("turn.lifetime_seconds", config.turn.lifetime_seconds, 60, " seconds"),
        ("search.memory_mib", config.search.memory_mib, SEARCH_MEMORY_MIB_MIN, " MiB"),
    ];
    for (key, value, least, unit) in bounds {
        let (holds, message) = at_least(value, least, unit);
        problems.require(holds, key, message);
    }
}

fn check_turn(config: &Config, problems: &mut Problems<'_>) {
    let turn = &config.turn;
    let is_turn =
        |uri: &String| ["turn:", "turns:", "stun:", "stuns:"].iter().any(|scheme| uri.starts_with(scheme));
    problems.require(
        turn.uris.iter().all(is_turn),
        "turn.uris",
        "expected addresses that begin with turn: or turns:",
    );
    let pair = turn.username.is_some() == turn.password.is_some();
    problems.require(pair, "turn.username", "username and password go together: set both or none");
}

fn check_federation(config: &Config, problems: &mut Problems<'_>) {
    let federation = &config.federation;
    let timeouts = [
        ("request_timeout_ms", federation.request_timeout_ms),
        ("long_request_timeout_ms", federation.long_request_timeout_ms),
        ("well_known_timeout_ms", federation.well_known_timeout_ms),
        ("srv_timeout_ms", federation.srv_timeout_ms),
        ("backoff_min_ms", federation.backoff_min_ms),
    ];
    for (key, value) in timeouts {
        let message = format!("expected at least {TIMEOUT_MS_MIN} ms");
        problems.require(value >= TIMEOUT_MS_MIN, &format!("federation.{key}"), message);
    }
    problems.require(
        federation.backoff_max_ms >= federation.backoff_min_ms,
        "federation.backoff_max_ms",
        "expected no less than federation.backoff_min_ms",
    );
    problems.require(
        federation.long_response_bytes_max >= REQUEST_BODY_BYTES_MIN,
        "federation.long_response_bytes_max",
        format!("expected at least {REQUEST_BODY_BYTES_MIN} bytes"),
    );
}

fn check_media(config: &Config, problems: &mut Problems<'_>) {
    let (media, s3) = (&config.media, &config.media_s3);
    let needs_bucket = media.storage == MediaStorage::S3;
    problems.require(
        !needs_bucket || s3.bucket.is_some(),
        "media_s3.bucket",
        "media.storage = \"s3\" needs a bucket",
    );
    problems.require_url(s3.endpoint.as_deref(), "media_s3.endpoint");
    problems.require(
        s3.access_key_id.is_some() == s3.secret_access_key.is_some(),
        "media_s3.access_key_id",
        "access_key_id and secret_access_key go together: set both or none",
    );
    problems.require(
        media.thumbnails_at_once_max >= 1,
        "media.thumbnails_at_once_max",
        "expected at least 1",
    );
    problems.require(media.upload_bytes_max >= 1, "media.upload_bytes_max", "expected at least 1");
}

fn check_email(config: &Config, problems: &mut Problems<'_>) {
    let email = &config.email;
    let is_sender = |from: &String| from.contains('@');
    let from = email.from.as_ref();
    problems.require(from.is_none_or(is_sender), "email.from", "expected an address");
    problems.require(!email.is_on() || from.is_some(), "email.from", "needed with email.host");
    problems.require(
        !email.is_on() || config.client_base_url().is_some(),
        "email.host",
        "needs public_base_url or well_known.client: links in mails lead there",
    );
    problems.require_url(email.client_url.as_deref(), "email.client_url");
    let pair = email.username.is_some() == email.password.is_some();
    problems.require(pair, "email.username", "username and password go together: set both or none");
    problems.require(
        email.link_lifetime_seconds >= 60,
        "email.link_lifetime_seconds",
        "expected at least 60 seconds",
    );
    problems.require(
        email.is_on() || config.registration.mode != Some(RegistrationMode::Email),
        "registration.mode",
        "\"email\" needs email.host: the relay that takes the mails",
    );
}

fn check_logins(config: &Config, problems: &mut Problems<'_>) {
    let is_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    for (index, provider) in config.oidc_providers.iter().enumerate() {
        let key = |name: &str| format!("oidc_providers.{index}.{name}");
        let well_formed =
            !provider.id.is_empty() && provider.id.len() <= 64 && provider.id.chars().all(is_name);
        problems.require(
            well_formed,
            &key("id"),
            "expected letters, digits, \"-\", \"_\" and \".\", at most 64",
        );
        let others = config.oidc_providers.iter().take(index);
        problems.require(
            others.into_iter().all(|other| other.id != provider.id) && provider.id != "ldap",
            &key("id"),
            "another provider has this id, or it is that of the directory (\"ldap\")",
        );
        problems.require_url(Some(&provider.issuer), &key("issuer"));
        problems.require(!provider.name.is_empty(), &key("name"), "people have to be shown something");
        let is_file = provider.icon.as_deref().is_none_or(|icon| icon.starts_with("mxc://"));
        problems.require(is_file, &key("icon"), "expected the mxc:// address of a file");
        problems.require(
            provider.scopes.iter().any(|scope| scope == "openid"),
            &key("scopes"),
            "\"openid\" is needed among them",
        );
    }
    problems.require(
        config.oidc_providers.is_empty() || config.client_base_url().is_some(),
        "oidc_providers",
        "need public_base_url or well_known.client: services send people back there",
    );
    for (index, client) in config.sso.trusted_clients.iter().enumerate() {
        let rest = client.split_once(':').filter(|(scheme, _)| !scheme.is_empty()).map(|(_, rest)| rest);
        let is_web = client.starts_with("https:") || client.starts_with("http:");
        let names_host = rest.and_then(|rest| rest.strip_prefix("//")).is_some_and(|host| !host.is_empty());
        let message = "expected the beginning of an address, such as \"https://app.example.org\" or \"io.element.app:\"";
        let key = format!("sso.trusted_clients.{index}");
        problems.require(rest.is_some() && (!is_web || names_host), &key, message);
    }
    let jwt = &config.jwt;
    problems.require(
        jwt.secret.as_ref().is_none_or(|secret| secret.reveal().len() >= JWT_SECRET_BYTES_MIN),
        "jwt.secret",
        format!("whoever guesses it is anybody; at least {JWT_SECRET_BYTES_MIN} characters"),
    );
}

fn check_ldap(config: &Config, problems: &mut Problems<'_>) {
    let ldap = &config.ldap;
    for (index, server) in ldap.servers.iter().enumerate() {
        let host = server.strip_prefix("ldaps://").or_else(|| server.strip_prefix("ldap://"));
        let is_server = host.is_some_and(|host| {
            let is_name = |character: char| character.is_ascii_alphanumeric() || ".-:[]".contains(character);
            !host.is_empty() && !host.starts_with(':') && host.chars().all(is_name)
        });
        let message = "expected ldaps:// or ldap:// and a host, without a path";
        problems.require(is_server, &format!("ldap.servers.{index}"), message);
    }
    if !ldap.is_on() {
        return;
    }
    problems.require(!ldap.base.is_empty(), "ldap.base", "expected the entry below which people are");
    problems.require(
        ldap.bind_dn.is_some() == ldap.bind_password.is_some(),
        "ldap.bind_password",
        "bind_dn and bind_password go together: set both or none",
    );
    problems.require(
        ldap.filter.as_deref().is_none_or(|filter| filter.starts_with('(') && filter.ends_with(')')),
        "ldap.filter",
        "expected a filter in parentheses",
    );
    for (key, attribute) in [
        ("ldap.name_attribute", &ldap.name_attribute),
        ("ldap.display_name_attribute", &ldap.display_name_attribute),
        ("ldap.email_attribute", &ldap.email_attribute),
    ] {
        let is_name = |character: char| character.is_ascii_alphanumeric() || "-.;".contains(character);
        problems.require(
            !attribute.is_empty() && attribute.chars().all(is_name),
            key,
            "expected the name of an attribute",
        );
    }
}
