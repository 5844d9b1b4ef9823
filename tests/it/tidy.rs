//! The style of the tree as a failing test: arrows between crates, who may name what, sizes, headers, and that every
//! endpoint links to the specification and has a test.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Lines of a file without its inline tests.
const FILE_LINES_MAX: usize = 700;
/// Lines of a `lib.rs` (documentation and re-exports).
const LIB_LINES_MAX: usize = 160;

/// The level of each crate; a crate may only depend on lower ones.
const LEVELS: &[(&str, u8)] = &[
    ("base", 0),
    ("config", 0),
    ("kv", 0),
    ("event", 0),
    ("store", 1),
    ("peers", 2),
    ("accounts", 2),
    ("rooms", 3),
    ("sso", 3),
    ("sync", 4),
    ("federation", 4),
    ("e2ee", 4),
    ("ephemeral", 4),
    ("push", 4),
    ("media", 4),
    ("appservice", 4),
    ("search", 4),
    ("api-common", 5),
    ("api-client", 6),
    ("api-federation", 6),
    ("api-admin", 6),
    ("server", 7),
];

/// Words that only some crates may use, tests aside.
const RESERVED_WORDS: &[(&str, &[&str])] = &[
    ("rocksdb::", &["kv"]),
    ("reqwest::", &["base"]),
    ("axum::", &["api-common", "api-client", "api-federation", "api-admin", "server"]),
    ("tokio::spawn", &["base"]),
    ("spawn_blocking", &["base"]),
    ("SystemTime::now", &["base"]),
    ("unsafe ", &["kv"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rust_files(below: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![below.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The text up to the inline tests.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |start| &text[..start])
}

#[track_caller]
fn nothing_wrong(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn arrows_between_crates_point_down() {
    let levels: BTreeMap<_, _> = LEVELS.iter().copied().collect();
    let mut findings = Vec::new();
    for entry in fs::read_dir(root().join("src")).unwrap() {
        let directory = entry.unwrap().path();
        let name = directory.file_name().unwrap().to_string_lossy().into_owned();
        let Some(level) = levels.get(name.as_str()) else {
            findings.push(format!("src/{name} has no level in tidy.rs"));
            continue;
        };
        let manifest = fs::read_to_string(directory.join("Cargo.toml")).unwrap();
        let manifest = manifest.split("[dev-dependencies]").next().unwrap();
        for line in manifest.lines().filter_map(|line| line.strip_prefix("kith-")) {
            let dependency = line.split(['.', ' ', '=']).next().unwrap();
            if levels.get(dependency).is_none_or(|below| below >= level) {
                findings.push(format!("src/{name} (level {level}) depends on {dependency}"));
            }
        }
    }
    nothing_wrong(&findings);
}

#[test]
fn reserved_words_stay_where_they_belong() {
    let mut findings = Vec::new();
    for file in rust_files(&root().join("src")) {
        let relative = file.strip_prefix(root().join("src")).unwrap().to_owned();
        let name = relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        if relative.ends_with("tests.rs") || relative.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        for (number, line) in without_tests(&text).lines().enumerate() {
            let code = line.split("//").next().unwrap();
            for (word, allowed) in RESERVED_WORDS {
                if code.contains(word) && !allowed.contains(&name.as_str()) {
                    findings.push(format!(
                        "src/{}:{}: {word} belongs to {allowed:?}",
                        relative.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    nothing_wrong(&findings);
}

#[test]
fn files_have_a_header_and_a_bearable_size() {
    let mut findings = Vec::new();
    for file in rust_files(&root().join("src")).into_iter().chain(rust_files(&root().join("tests"))) {
        let relative = file.strip_prefix(root()).unwrap().display().to_string();
        let text = fs::read_to_string(&file).unwrap();
        if !text.starts_with("//!") {
            findings.push(format!("{relative}: no //! header"));
        }
        let is_test =
            relative.ends_with("tests.rs") || relative.contains("/tests/") || relative.starts_with("tests/");
        let lines = without_tests(&text).lines().count();
        let max = if relative.ends_with("lib.rs") { LIB_LINES_MAX } else { FILE_LINES_MAX };
        if lines > max && !is_test {
            findings.push(format!("{relative}: {lines} lines, {max} at most"));
        }
        for name in ["mod.rs", "utils.rs", "helpers.rs", "misc.rs", "types.rs"] {
            if file.file_name().is_some_and(|found| found == name) {
                findings.push(format!("{relative}: a file is named after what it holds, not {name}"));
            }
        }
        for (number, line) in text.lines().enumerate() {
            let marker = ["TO", "DO"].concat();
            if line.contains(&marker) || line.contains(&["FIX", "ME"].concat()) {
                findings.push(format!("{relative}:{}: unfinished", number + 1));
            }
        }
    }
    nothing_wrong(&findings);
}

/// The endpoint files: those in a subdirectory of an api crate.
fn endpoint_files(krate: &str) -> Vec<(String, String)> {
    let source = root().join("src").join(krate);
    let mut files = Vec::new();
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).unwrap().to_owned();
        if relative.components().count() == 2 {
            files.push((
                relative.with_extension("").display().to_string(),
                fs::read_to_string(&file).unwrap(),
            ));
        }
    }
    files
}

#[test]
fn endpoints_name_their_path_and_link_to_the_specification() {
    let mut findings = Vec::new();
    for krate in ["api-client", "api-federation"] {
        for (name, text) in endpoint_files(krate) {
            let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
            if header.contains("Not an endpoint") {
                continue;
            }
            let linked = ["https://spec.matrix.org/", "https://github.com/matrix-org/matrix-spec-proposals/"];
            if !linked.iter().any(|link| header.contains(link))
                || !header.contains("/_matrix/") && !header.contains("/.well-known/")
            {
                findings.push(format!(
                    "src/{krate}/{name}.rs: the header names no path or links to no specification"
                ));
            }
        }
    }
    nothing_wrong(&findings);
}

#[test]
fn every_endpoint_has_a_test_file() {
    let mut findings = Vec::new();
    for (krate, tests) in [("api-client", "client"), ("api-federation", "federation"), ("api-admin", "admin")]
    {
        for (name, text) in endpoint_files(krate) {
            let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
            if header.contains("Not an endpoint") {
                continue;
            }
            if !root().join("tests/it").join(tests).join(format!("{name}.rs")).exists() {
                findings.push(format!("src/{krate}/{name}.rs has no tests/it/{tests}/{name}.rs"));
            }
        }
    }
    nothing_wrong(&findings);
}

#[test]
fn the_schema_document_matches_the_catalog() {
    let catalog = fs::read_to_string(root().join("src/store/catalog.rs")).unwrap();
    let schema = fs::read_to_string(root().join("docs/schema.md")).unwrap();
    let names = |text: &str, open: &str, close: char| -> Vec<String> {
        let rows = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix(open)?.split(close).next().map(str::to_owned));
        rows.collect()
    };
    let mut documented = names(&schema, "| `", '`');
    let mut listed: Vec<String> = catalog
        .lines()
        .filter(|line| [" Point;", " Range;", " Blob;"].iter().any(|end| line.ends_with(end)))
        .filter_map(|line| line.split('"').nth(1).map(str::to_owned))
        .collect();
    documented.sort();
    listed.sort();
    assert_eq!(documented, listed, "docs/schema.md and src/store/catalog.rs differ");
}
