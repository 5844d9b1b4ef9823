//! The boundary of this crate: files, variables and flags in, a `Config` or a message out.

use crate::load::load_with;
use crate::{Config, ConfigError, Override, RegistrationMode, Service, example};
use figment::value::Value;
use std::path::{Path, PathBuf};

/// Loads a configuration from the text of a file, variables and flags.
fn load(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("kith.toml");
    std::fs::write(&path, file).expect("a writable temporary directory");
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let overrides: Vec<Override> = flags
        .iter()
        .map(|(key, value)| Override { key: (*key).to_owned(), value: (*value).to_owned(), flag: "--set" })
        .collect();
    load_with(Some(&path), environment, &overrides)
}

/// The message that a wrong configuration is refused with.
fn refusal(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> String {
    load(file, environment, flags).expect_err("the configuration should be refused").to_string()
}

fn check_refusal(file: &str, environment: &[(&str, &str)], expected: &[&str]) {
    let message = refusal(file, environment, &[]);
    for part in expected {
        assert!(message.contains(part), "{part:?} is missing in: {message}");
    }
    assert!(!message.contains("kith_config"), "a default is no origin: {message}");
}

#[test]
fn the_example_file_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config.example.toml");
    let fresh = example::write();
    if std::env::var_os("KITH_BLESS").is_some() {
        std::fs::write(&path, &fresh).expect("config.example.toml is writable");
    }
    let stored = std::fs::read_to_string(&path).expect("config.example.toml exists");
    assert!(stored == fresh, "config.example.toml is stale: run KITH_BLESS=1 cargo test -p kith-config");
}

#[test]
fn the_example_file_describes_every_section() {
    let defaults =
        Value::serialize(Config::default()).expect("plain data").into_dict().expect("a dictionary");
    let tables = defaults.iter().filter(|(_, value)| matches!(value, Value::Dict(..) | Value::Array(..)));
    let mut expected: Vec<&str> = tables.map(|(name, _)| name.as_str()).collect();
    let mut described = example::section_names();
    expected.sort_unstable();
    described.sort_unstable();
    assert_eq!(described, expected);
}

#[test]
fn the_example_file_as_it_stands_is_the_default() {
    assert_eq!(load(&example::write(), &[], &[]).expect("valid"), Config::default());
}

#[test]
fn every_line_of_the_example_file_is_valid_once_uncommented() {
    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting.to_owned() + "\n",
        _ => line.to_owned() + "\n",
    };
    let text: String = example::write().lines().map(uncomment).collect();
    let config = load(&text, &[], &[]).expect("valid");
    assert_eq!(config.rate_limits, Config::default().rate_limits);
    assert_eq!(config.outgoing, Config::default().outgoing);
    assert_eq!(config.registration.mode, Some(RegistrationMode::Token));
    assert_eq!(config.listeners.len(), 1);
}

#[test]
fn flags_override_variables_and_variables_override_the_file() {
    let file = "server_name = \"file\"\ndata_dir = \"file\"\npublic_base_url = \"https://file\"";
    let environment = [("KITH_DATA_DIR", "variable"), ("KITH_PUBLIC_BASE_URL", "https://variable")];
    let config = load(file, &environment, &[("public_base_url", "https://flag")]).expect("valid");
    assert_eq!(config.server_name, "file");
    assert_eq!(config.data_dir, PathBuf::from("variable"));
    assert_eq!(config.public_base_url.as_deref(), Some("https://flag"));
}

#[test]
fn variables_reach_nested_keys_of_every_kind() {
    let environment = [
        ("KITH_REGISTRATION__MODE", "token"),
        ("KITH_REGISTRATION__SHARED_SECRET", "0123456789012345678"),
        ("KITH_ROOMS__DEFAULT_ROOM_VERSION", "11"),
        ("KITH_RATE_LIMITS__ENABLED", "false"),
        ("KITH_RATE_LIMITS__MESSAGE__BURST", "7"),
        ("KITH_TURN__URIS", "turn:a.example, turn:b.example"),
        ("KITH_LISTENERS", "[{address=\"0.0.0.0:80\",serves=[\"client\"]}]"),
    ];
    let config = load("", &environment, &[]).expect("valid");
    assert_eq!(config.registration.mode, Some(RegistrationMode::Token));
    // Digits stay the text they are, with their leading zero.
    assert_eq!(config.registration.shared_secret.expect("set").reveal(), "0123456789012345678");
    assert_eq!(config.rooms.default_room_version, "11");
    assert!(!config.rate_limits.enabled);
    assert_eq!((config.rate_limits.message.burst, config.rate_limits.message.per_second), (7, 10.0));
    assert_eq!(config.turn.uris, ["turn:a.example", "turn:b.example"]);
    assert_eq!(config.listeners[0].address.port(), 80);
    assert_eq!(config.listeners[0].serves, [Service::Client]);
}

#[test]
fn variables_of_other_programs_are_left_alone() {
    let environment = [
        ("HOME", "/"),
        ("KITHARA", "music"),
        ("KITH_CONFIG", "kith.toml"),
        ("KITH_SERVICE_HOST", "10.0.0.1"),
        ("KITH_PORT_8008_TCP", "tcp://10.0.0.1:8008"),
    ];
    assert_eq!(load("", &environment, &[]).expect("valid"), Config::default());
}

#[test]
fn a_wrong_key_is_named_with_its_origin() {
    check_refusal(
        "[registration]\nmoed = \"open\"",
        &[],
        &["registration.moed", "unknown key", "mode, ", "kith.toml"],
    );
    check_refusal("[regstration]", &[], &["regstration", "unknown key", "kith.toml"]);
    check_refusal("", &[("KITH_ROOMS__COLOUR", "red")], &["rooms.colour", "KITH_ROOMS__COLOUR"]);
    check_refusal("", &[("KITH_SERVERNAME", "x")], &["servername", "unknown key", "KITH_SERVERNAME"]);
    let message = refusal("", &[], &[("rooms.colour", "red")]);
    assert!(message.contains("rooms.colour") && message.contains("--set"), "{message}");
}

#[test]
fn a_wrong_value_is_named_with_its_origin() {
    check_refusal(
        "[registration]\nmode = \"opne\"",
        &[],
        &["registration.mode", "opne", "`open`", "kith.toml"],
    );
    check_refusal("server_name = 5", &[], &["server_name", "kith.toml"]);
    check_refusal(
        "server_name = \"https://example.org\"",
        &[],
        &["server_name", "without https://", "kith.toml"],
    );
    check_refusal("[passwords]\nmemory_kib = 1", &[], &["passwords.memory_kib", "8192", "kith.toml"]);
    check_refusal(
        "[rate_limits]\njoin = { per_second = 0.0, burst = 1 }",
        &[],
        &["rate_limits.join", "per_second"],
    );
    check_refusal("[rate_limits.federation]\nconcurrent = 0", &[], &["rate_limits.federation", "concurrent"]);
    check_refusal(
        "",
        &[("KITH_STORAGE__MEMORY_BUDGET_MIB", "1")],
        &["memory_budget_mib", "KITH_STORAGE__MEMORY"],
    );
    check_refusal("[[listeners]]\naddress = \"nonsense\"", &[], &["listeners.0.address", "kith.toml"]);
    check_refusal("listeners = []", &[], &["listeners"]);
    check_refusal("[[listeners]]\ntls_private_key = \"key.pem\"", &[], &["listeners.0", "set both or none"]);
    check_refusal("this is no TOML", &[], &["kith.toml"]);
}

#[test]
fn a_file_that_was_named_must_exist() {
    let missing = Path::new("/nonexistent/kith.toml");
    let error = load_with(Some(missing), std::iter::empty(), &[]).expect_err("no such file");
    assert!(error.to_string().contains("/nonexistent/kith.toml"), "{error}");
    assert_eq!(load_with(None, std::iter::empty(), &[]).expect("defaults"), Config::default());
}

#[test]
fn every_problem_is_told_at_once() {
    let message = refusal("server_name = \"a b\"\n[passwords]\niterations = 0\nparallelism = 0", &[], &[]);
    assert_eq!(message.lines().count(), 3, "{message}");
}

#[test]
fn ways_to_log_in_elsewhere_are_checked() {
    let provider = "[[oidc_providers]]\nid = \"a\"\n";
    let base = "public_base_url = \"https://example.org\"\n";
    assert_eq!(load(&format!("{base}{provider}"), &[], &[]).expect("valid").oidc_providers.len(), 1);
    check_refusal(provider, &[], &["oidc_providers", "public_base_url"]);
    check_refusal(&format!("{base}{provider}{provider}"), &[], &["oidc_providers.1.id"]);
    for (line, key) in [
        ("id = \"a b\"", "oidc_providers.0.id"),
        ("id = \"ldap\"", "oidc_providers.0.id"),
        ("issuer = \"id.example.org\"", "oidc_providers.0.issuer"),
        ("scopes = [\"email\"]", "oidc_providers.0.scopes"),
        ("icon = \"https://example.org/a.png\"", "oidc_providers.0.icon"),
    ] {
        check_refusal(&format!("{base}[[oidc_providers]]\n{line}"), &[], &[key]);
    }
    for client in ["app.example.org", "https:", "https://", ":x"] {
        check_refusal(&format!("[sso]\ntrusted_clients = [\"{client}\"]"), &[], &["sso.trusted_clients.0"]);
    }
    load("[sso]\ntrusted_clients = [\"https://a.example\", \"io.element.app:\"]", &[], &[]).expect("valid");
    check_refusal("[jwt]\nsecret = \"short\"", &[], &["jwt.secret", "32"]);
    let ldap = "[ldap]\nservers = [\"ldap://a.example\"]\n";
    load(&format!("{ldap}base = \"dc=example\""), &[], &[]).expect("valid");
    check_refusal(ldap, &[], &["ldap.base"]);
    check_refusal("[ldap]\nservers = [\"https://a.example\"]\nbase = \"b\"", &[], &["ldap.servers.0"]);
    for (line, key) in [
        ("bind_dn = \"cn=kith\"", "ldap.bind_password"),
        ("filter = \"a=b\"", "ldap.filter"),
        ("name_attribute = \"uid)(\"", "ldap.name_attribute"),
    ] {
        check_refusal(&format!("{ldap}base = \"b\"\n{line}"), &[], &[key]);
    }
}

#[test]
fn registration_is_open_by_default_only_where_nobody_else_can_reach_it() {
    let check = |file: &str, expected: RegistrationMode| {
        let config = load(file, &[], &[]).expect("valid");
        assert_eq!(config.effective_registration_mode(), expected, "{file}");
    };
    check("", RegistrationMode::Open);
    check("server_name = \"localhost:8008\"", RegistrationMode::Open);
    check("server_name = \"example.org\"", RegistrationMode::Closed);
    check("[[listeners]]\naddress = \"0.0.0.0:8008\"", RegistrationMode::Closed);
    check("[[listeners]]\n[[listeners]]\naddress = \"[::]:8448\"", RegistrationMode::Closed);
    check("[[listeners]]\naddress = \"[::1]:8008\"", RegistrationMode::Open);
    check("[registration]\nmode = \"closed\"", RegistrationMode::Closed);
    check("server_name = \"example.org\"\nregistration.mode = \"open\"", RegistrationMode::Open);
}

#[test]
fn a_listener_serves_everything_unless_told_otherwise() {
    let config = load("[[listeners]]\naddress = \"127.0.0.1:1\"", &[], &[]).expect("valid");
    assert_eq!(config.listeners[0].serves.len(), 4);
    let config = load("[[listeners]]\nserves = [\"metrics\"]", &[], &[]).expect("valid");
    assert_eq!(config.listeners[0].serves, [Service::Metrics]);
    assert_eq!(config.listeners[0].address.port(), 8008);
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let file = "[registration]\nshared_secret = \"correct horse battery\"";
    let config = load(file, &[], &[]).expect("valid");
    assert!(!format!("{config:?}").contains("horse"));
}

#[test]
fn clients_are_told_the_well_known_url_before_the_public_one() {
    let file = "public_base_url = \"https://a.example/\"";
    assert_eq!(load(file, &[], &[]).expect("valid").client_base_url(), Some("https://a.example"));
    let file = format!("{file}\nwell_known.client = \"https://b.example\"");
    assert_eq!(load(&file, &[], &[]).expect("valid").client_base_url(), Some("https://b.example"));
}
