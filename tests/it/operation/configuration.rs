//! `kith config …`, and what a wrong configuration is told.

use std::path::Path;

use crate::harness::{Program, free_port};

fn program(directory: &Path, config: &str) -> Program {
    std::fs::write(directory.join("kith.toml"), config).unwrap();
    Program::new(directory)
}

/// Checks that a configuration is refused, by `config check` and by a start, and that the error names these words.
#[track_caller]
fn refused(config: &str, named: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    for command in
        [&["config", "check"][..], &["serve"], &["check"], &["user", "create", "a", "--password", "b"]]
    {
        program(directory.path(), config).arguments(command).run().failed(named);
    }
    let left = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 1, "a wrong configuration leaves no data behind");
}

#[test]
fn unknown_keys_are_named() {
    refused("server_nam = \"example.org\"\n", &["server_nam", "kith.toml"]);
    refused("[registration]\nmoode = \"open\"\n", &["registration", "moode", "kith.toml"]);
    refused("[registratoin]\nmode = \"open\"\n", &["registratoin"]);
    refused("[[listeners]]\nport = 8008\n", &["port"]);
    refused("[rate_limits]\nmessages = { per_second = 1.0, burst = 1 }\n", &["messages"]);
}

#[test]
fn wrong_values_are_named() {
    refused("[registration]\nmode = \"opne\"\n", &["registration.mode", "opne", "open", "kith.toml"]);
    refused("[passwords]\nmemory_kib = \"lots\"\n", &["passwords.memory_kib", "lots"]);
    refused("[passwords]\nmemory_kib = 1\n", &["passwords.memory_kib", "8192"]);
    refused("[storage]\nmemory_budget_mib = -5\n", &["storage.memory_budget_mib"]);
    refused("[registration]\nshared_secret = \"short\"\n", &["registration.shared_secret"]);
    refused("[[listeners]]\naddress = \"everywhere\"\n", &["listeners.0.address", "kith.toml"]);
    refused("[[listeners]]\nserves = [\"clients\"]\n", &["clients"]);
    refused("[[listeners]]\naddress = \"127.0.0.1:0\"\ntls_certificate = \"a.pem\"\n", &["tls_private_key"]);
    refused("server_name = \"https://example.org\"\n", &["server_name"]);
    refused("[rooms]\ndefault_room_version = \"99\"\n", &["rooms.default_room_version", "99"]);
    refused("[rate_limits]\nmessage = { per_second = 0.0, burst = 5 }\n", &["rate_limits.message"]);
    refused("[turn]\nuris = [\"http://turn.example.org\"]\n", &["turn.uris"]);
}

#[test]
fn everything_wrong_is_named_at_once() {
    let config = "[passwords]\nlength_min = 0\n[storage]\nmemory_budget_mib = 1\n";
    refused(config, &["passwords.length_min", "storage.memory_budget_mib"]);
}

#[test]
fn text_that_is_no_toml_is_shown_where_it_breaks() {
    refused("server_name = \n", &["kith.toml"]);
}

#[test]
fn secrets_are_not_repeated() {
    let directory = tempfile::tempdir().unwrap();
    let config = "[registration]\nshared_secret = \"tooshort\"\n";
    let error = program(directory.path(), config).arguments(&["config", "check"]).run().failed(&[]);
    assert!(!error.contains("tooshort"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["--config", "not-here.toml", "config", "check"];
    Program::new(directory.path()).arguments(&arguments).run().failed(&["not-here.toml"]);
}

#[test]
fn variables_and_flags_are_named_too() {
    let directory = tempfile::tempdir().unwrap();
    let check = || Program::new(directory.path()).arguments(&["config", "check"]);
    let wrong = "KITH_REGISTRATION__MODE";
    check().environment(wrong, "opne").run().failed(&["registration.mode", "opne", wrong]);
    let unknown = "KITH_SERVER_NAEM";
    check().environment(unknown, "example.org").run().failed(&["server_naem", unknown]);
    let set = ["--set", "registration.mode=opne", "config", "check"];
    Program::new(directory.path()).arguments(&set).run().failed(&["registration.mode", "opne", "--set"]);
    let set = ["--set", "nonsense", "config", "check"];
    Program::new(directory.path()).arguments(&set).run().failed(&["KEY=VALUE"]);
}

#[test]
fn the_environment_wins_over_the_file_and_flags_over_both() {
    let directory = tempfile::tempdir().unwrap();
    let check = |named: &str, variable: Option<&str>, flags: &[&str]| {
        let config = "server_name = \"file.example\"\n[registration]\nmode = \"closed\"\n";
        let mut program = program(directory.path(), config).arguments(flags).arguments(&["config", "check"]);
        if let Some(value) = variable {
            program = program.environment("KITH_SERVER_NAME", value);
        }
        let output = program.run().ok();
        let line = output.lines().find(|line| line.trim_start().starts_with("server_name"));
        let found = line.and_then(|line| line.split_whitespace().last());
        assert_eq!(found, Some(named), "{output}");
        assert!(output.contains("closed"), "{output}");
    };
    check("file.example", None, &[]);
    check("variable.example", Some("variable.example"), &[]);
    check("flag.example", Some("variable.example"), &["--server-name", "flag.example"]);
    check("set.example", Some("variable.example"), &["--set", "server_name=set.example"]);
    check("flag.example", None, &["--server-name", "flag.example"]);
}

#[test]
fn another_file_can_be_named_by_a_variable() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("other.toml"), "server_name = \"other.example\"\n").unwrap();
    let program = program(directory.path(), "server_name = \"default.example\"\n");
    let output = program.environment("KITH_CONFIG", "other.toml").arguments(&["config", "check"]).run().ok();
    assert!(output.contains("other.example") && output.contains("other.toml"), "{output}");
}

#[test]
fn the_example_is_the_documented_one_and_valid() {
    let directory = tempfile::tempdir().unwrap();
    let example = Program::new(directory.path()).arguments(&["config", "example"]).run().ok();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert_eq!(example, std::fs::read_to_string(root.join("config.example.toml")).unwrap());
    program(directory.path(), &example).arguments(&["config", "check"]).run().ok();
}

#[test]
fn checking_touches_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port("127.0.0.1");
    let config = format!("[[listeners]]\naddress = \"127.0.0.1:{port}\"\n");
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    program(directory.path(), &config).arguments(&["config", "check"]).run().ok();
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}
