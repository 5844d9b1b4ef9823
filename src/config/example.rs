//! Writes `config.example.toml` from the sections' sources: the doc comment of each field, then its default value.
//!
//! Compiled for tests only. The reader below understands just what the section files contain: `///` lines above
//! `pub field: Type,` inside one named struct. A line `Example: value` gives the value to show for a key that has no
//! default.

use crate::{Config, OidcProvider};
use figment::value::{Dict, Empty, Num, Value};

const LINE_CHARACTERS_MAX: usize = 100;
const ITEM_BREAK: char = '\u{0}';

struct Section {
    name: &'static str,
    header: &'static str,
    type_name: &'static str,
    source: &'static str,
}

const SECTIONS: &[Section] = &[
    section("listeners", "[[listeners]]", "Listener", include_str!("listeners.rs")),
    section("registration", "[registration]", "Registration", include_str!("registration.rs")),
    section("accounts", "[accounts]", "Accounts", include_str!("accounts.rs")),
    section("passwords", "[passwords]", "Passwords", include_str!("passwords.rs")),
    section("rooms", "[rooms]", "Rooms", include_str!("rooms.rs")),
    section("rate_limits", "[rate_limits]", "RateLimits", include_str!("rate_limits.rs")),
    section("outgoing", "[outgoing]", "Outgoing", include_str!("outgoing.rs")),
    section("storage", "[storage]", "Storage", include_str!("storage.rs")),
    section("logging", "[logging]", "Logging", include_str!("logging.rs")),
    section("limits", "[limits]", "Limits", include_str!("limits.rs")),
    section("appservices", "[appservices]", "Appservices", include_str!("appservices.rs")),
    section("turn", "[turn]", "Turn", include_str!("turn.rs")),
    section("well_known", "[well_known]", "WellKnown", include_str!("well_known.rs")),
    section("presence", "[presence]", "Presence", include_str!("presence.rs")),
    section("push", "[push]", "Push", include_str!("push.rs")),
    section("delayed_events", "[delayed_events]", "DelayedEvents", include_str!("delayed_events.rs")),
    section("federation", "[federation]", "Federation", include_str!("federation.rs")),
    section("media", "[media]", "Media", include_str!("media.rs")),
    section("media_s3", "[media_s3]", "MediaS3", include_str!("media.rs")),
    section("url_previews", "[url_previews]", "UrlPreviews", include_str!("url_previews.rs")),
    section("search", "[search]", "Search", include_str!("search.rs")),
    section("rtc", "[rtc]", "Rtc", include_str!("rtc.rs")),
    section("email", "[email]", "Email", include_str!("email.rs")),
    section("oidc_providers", "[[oidc_providers]]", "OidcProvider", include_str!("oidc_providers.rs")),
    section("sso", "[sso]", "Sso", include_str!("sso.rs")),
    section("jwt", "[jwt]", "Jwt", include_str!("jwt.rs")),
    section("ldap", "[ldap]", "Ldap", include_str!("ldap.rs")),
    section("server_notices", "[server_notices]", "ServerNotices", include_str!("server_notices.rs")),
];

const fn section(
    name: &'static str,
    header: &'static str,
    type_name: &'static str,
    source: &'static str,
) -> Section {
    Section { name, header, type_name, source }
}

const INTRODUCTION: &str = "\
# Configuration of Kith. Every key is optional; a line that begins with `#key =` shows its default, or
# an example where there is no default. Remove the `#` to set it.
#
# The file is kith.toml in the working directory, or what --config or KITH_CONFIG names. Environment
# variables override it (KITH_SERVER_NAME, KITH_REGISTRATION__MODE: `__` between section and key), and
# flags override both (--set registration.mode=token). `kith config check` says what is wrong with it.
";

/// The whole example file.
pub(crate) fn write() -> String {
    // A list that is empty by default is shown by an entry as it is when nothing is set.
    let defaults = Config { oidc_providers: vec![OidcProvider::default()], ..Config::default() };
    let defaults = Value::serialize(defaults).expect("the defaults are plain data");
    let defaults = defaults.into_dict().expect("a struct becomes a dictionary");
    let mut text = INTRODUCTION.to_owned();
    let (_, fields) = read_struct(include_str!("lib.rs"), "Config");
    for field in fields {
        // What has no doc comment of its own is a section, which is documented in its own file.
        if field.is_documented() {
            write_field(&mut text, &field, defaults.get(&field.name), include_str!("lib.rs"));
        }
    }
    for section in SECTIONS {
        let default = defaults.get(section.name).unwrap_or_else(|| panic!("{} is no section", section.name));
        let (prose, fields) = read_struct(section.source, section.type_name);
        text.push_str("\n\n");
        write_prose(&mut text, &prose);
        let repeated = section.header.starts_with("[[");
        // An empty table is harmless, but an empty list entry would already be a listener.
        text.push_str(if repeated { "#" } else { "" });
        text.push_str(section.header);
        text.push('\n');
        let values = match default {
            Value::Array(_, items) => items.first().and_then(Value::as_dict),
            other => other.as_dict(),
        };
        let values = values.unwrap_or_else(|| panic!("{} has no values", section.name));
        for field in fields {
            write_field(&mut text, &field, values.get(&field.name), section.source);
        }
    }
    text
}

/// The names of all sections that the file describes.
pub(crate) fn section_names() -> Vec<&'static str> {
    SECTIONS.iter().map(|section| section.name).collect()
}

struct Field {
    name: String,
    prose: Vec<String>,
    example: Option<String>,
}

impl Field {
    fn is_documented(&self) -> bool {
        !self.prose.is_empty()
    }
}

/// The doc comment of a struct, and its fields.
fn read_struct(source: &str, type_name: &str) -> (Vec<String>, Vec<Field>) {
    let (mut prose, mut fields, mut inside, mut introduction) = (Vec::new(), Vec::new(), false, Vec::new());
    for line in source.lines().map(str::trim) {
        if let Some(doc) = line.strip_prefix("///") {
            prose.push(doc.trim().to_owned());
        } else if line == format!("pub struct {type_name} {{") {
            (inside, introduction) = (true, std::mem::take(&mut prose));
        } else if inside && line == "}" {
            return (introduction, fields);
        } else if let (true, Some((name, _))) =
            (inside, line.strip_prefix("pub ").and_then(|l| l.split_once(':')))
        {
            let example = take_example(&mut prose);
            fields.push(Field { name: name.to_owned(), prose: std::mem::take(&mut prose), example });
        } else if !line.starts_with("#[") {
            prose.clear();
        }
    }
    panic!("struct {type_name} was not found");
}

fn take_example(prose: &mut Vec<String>) -> Option<String> {
    let index = prose.iter().position(|line| line.starts_with("Example: "))?;
    let example = prose.remove(index).trim_start_matches("Example: ").to_owned();
    while prose.last().is_some_and(String::is_empty) {
        prose.pop();
    }
    Some(example)
}

fn write_field(text: &mut String, field: &Field, default: Option<&Value>, source: &str) {
    assert!(field.is_documented(), "the key {} has no doc comment", field.name);
    text.push('\n');
    write_prose(text, &field.prose);
    let default = default.filter(|value| !is_absent(value));
    let value = match (&field.example, default) {
        (Some(example), _) => example.clone(),
        (None, Some(value)) => write_value(value, source),
        (None, None) => panic!("the key {} has neither a default nor an example", field.name),
    };
    let line = format!("{} = {value}", field.name);
    if line.chars().count() <= LINE_CHARACTERS_MAX {
        text.push_str(&format!("#{line}\n"));
        return;
    }
    text.push_str(&format!("#{} = [\n", field.name));
    for line in wrap(&mark_items(&value), ITEM_BREAK) {
        text.push_str(&format!("#{}\n", line.replace(ITEM_BREAK, " ")));
    }
    text.push_str("#]\n");
}

/// The inside of a list, with a mark instead of the space between two items: only there may TOML break a line.
fn mark_items(list: &str) -> String {
    let inside = list.strip_prefix('[').and_then(|list| list.strip_suffix(']'));
    let inside = inside.unwrap_or_else(|| panic!("{list} is too long and no list"));
    let (mut depth, mut marked) = (0_i32, String::new());
    for character in inside.chars() {
        depth += i32::from(matches!(character, '{' | '[')) - i32::from(matches!(character, '}' | ']'));
        let between = character == ' ' && depth == 0 && marked.ends_with(',');
        marked.push(if between { ITEM_BREAK } else { character });
    }
    marked
}

/// Prose is wrapped anew, paragraph by paragraph; a struct's indentation must not show in the file.
fn write_prose(text: &mut String, lines: &[String]) {
    for (index, paragraph) in lines.split(|line| line.is_empty()).enumerate() {
        if index > 0 {
            text.push_str("#\n");
        }
        for line in wrap(&paragraph.join(" ").replace("\\[", "["), ' ') {
            text.push_str(&format!("# {line}\n"));
        }
    }
}

fn wrap(text: &str, separator: char) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(separator) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= LINE_CHARACTERS_MAX - 2 => {
                line.push(separator);
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn is_absent(value: &Value) -> bool {
    matches!(value, Value::Empty(_, Empty::None | Empty::Unit))
}

fn write_value(value: &Value, source: &str) -> String {
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Char(_, character) => format!("{:?}", character.to_string()),
        Value::Bool(_, flag) => flag.to_string(),
        Value::Num(_, Num::F64(number)) => format!("{number:?}"),
        Value::Num(_, Num::F32(number)) => format!("{number:?}"),
        Value::Num(_, number) => {
            number.to_u128().map_or_else(|| format!("{:?}", number.to_i128()), |number| number.to_string())
        }
        Value::Empty(..) => panic!("TOML has no word for nothing"),
        Value::Array(_, items) => {
            let items: Vec<String> = items.iter().map(|item| write_value(item, source)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Dict(_, dict) => write_inline_table(dict, source),
    }
}

fn write_inline_table(dict: &Dict, source: &str) -> String {
    // A dictionary is sorted by name; people read it better in the order in which the struct declares it.
    let mut keys: Vec<&String> = dict.keys().collect();
    keys.sort_by_key(|key| source.find(&format!("pub {key}:")));
    let entries: Vec<String> =
        keys.iter().map(|key| format!("{key} = {}", write_value(&dict[*key], source))).collect();
    format!("{{ {} }}", entries.join(", "))
}
