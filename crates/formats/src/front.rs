//! Front matter: the settings at the top of a file, in YAML, TOML or JSON; and the bytes of a file as text.

use crate::course::FrontMatter;
use serde_json::Value;

/// A file, taken apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text {
    /// The settings.
    pub(crate) front: FrontMatter,
    /// What follows them.
    pub(crate) body: String,
    /// Lines before the body.
    pub(crate) skipped: u32,
    /// Why the settings could not be read; they then stand in the body, as a code block.
    pub(crate) trouble: Option<String>,
    /// The bytes were not UTF-8 and were read as Windows-1252.
    pub(crate) recoded: bool,
}

/// Bytes as text: UTF-8 or UTF-16 with a byte order mark, else UTF-8, else Windows-1252, in which every byte means
/// something. `None` if the bytes are no text in any of them.
pub(crate) fn decode(bytes: &[u8]) -> Option<(String, bool)> {
    let (text, recoded) = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, _)) => {
            let (text, _, broken) = encoding.decode(bytes);
            if broken {
                return None;
            }
            (text.into_owned(), encoding != encoding_rs::UTF_8)
        }
        None => match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), false),
            Err(_) if bytes.contains(&0) => return None,
            Err(_) => (encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(), true),
        },
    };
    Some((text.replace("\r\n", "\n").replace('\r', "\n"), recoded))
}

/// Takes the front matter off a text.
pub(crate) fn split(text: &str) -> Text {
    let whole = || Text { body: text.to_owned(), ..Text::default() };
    let Some((fence, rest)) = text.split_once('\n') else { return whole() };
    let (ends, toml): (&[&str], bool) = match fence.trim_end() {
        "---" => (&["---", "..."], false),
        "+++" => (&["+++"], true),
        _ => return whole(),
    };
    let mut length = 0;
    let mut lines = 1;
    let mut found = None;
    for line in rest.split_inclusive('\n') {
        lines += 1;
        if ends.contains(&line.trim_end()) {
            found = Some((&rest[..length], &rest[length + line.len()..]));
            break;
        }
        length += line.len();
    }
    let Some((settings, body)) = found else { return whole() };
    match read(settings, toml) {
        Ok(Some(front)) => Text { front, body: body.to_owned(), skipped: lines, ..Text::default() },
        Ok(None) => whole(),
        // A thematic break, some text, another one: that is no front matter, and no trouble.
        Err(_) if !toml && !settings.lines().next().is_some_and(|line| line.contains(':')) => whole(),
        Err(trouble) => {
            let language = if toml { "toml" } else { "yaml" };
            let fence = "`".repeat(3.max(longest_run(settings) + 1));
            let body = format!("{fence}{language}\n{settings}{fence}\n\n{body}");
            Text { body, trouble: Some(trouble), ..Text::default() }
        }
    }
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Settings by key; `None` if they are no list of keys.
fn read(settings: &str, toml: bool) -> Result<Option<FrontMatter>, String> {
    let value = if toml { self::toml(settings)? } else { yaml(settings)? };
    match value {
        Value::Object(map) => Ok(Some(map.into_iter().collect())),
        Value::Null => Ok(Some(FrontMatter::new())),
        _ => Ok(None),
    }
}

/// A YAML text as JSON values.
pub(crate) fn yaml(text: &str) -> Result<Value, String> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Value::Null);
    }
    serde_saphyr::from_str(text).map_err(|error| first_line(&error.to_string()))
}

/// A TOML text as JSON values.
pub(crate) fn toml(text: &str) -> Result<Value, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| first_line(error.message()))?;
    Ok(json(toml::Value::Table(table)))
}

fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(bit) => bit.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, json(value))).collect(),
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or("").trim().trim_end_matches('.').to_owned()
}

/// Settings as YAML with their fences; empty without settings. Every value is written as JSON, which YAML contains.
pub(crate) fn write(front: &FrontMatter) -> String {
    if front.is_empty() {
        return String::new();
    }
    let mut out = "---\n".to_owned();
    for (key, value) in front {
        let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            && key.starts_with(|c: char| c.is_ascii_alphabetic())
            && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
                .contains(&key.to_ascii_lowercase().as_str());
        let key = if plain { key.clone() } else { Value::from(key.as_str()).to_string() };
        out.push_str(&format!("{key}: {value}\n"));
    }
    // JSON lets stand what YAML wants escaped.
    let odd = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    let mut text = String::with_capacity(out.len());
    for c in out.chars() {
        if odd(c) {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text + "---\n\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_off_and_go_on_again() {
        let text = split("---\ntitle: 'A: b'\nteaching: 20\ntags: [x, \"1\"]\nn: ~\n---\nbody\n");
        assert_eq!(text.body, "body\n");
        assert_eq!((text.skipped, text.front["teaching"].as_i64()), (6, Some(20)));
        assert_eq!(split(&write(&text.front)).front, text.front);
        let odd: FrontMatter = [("yes", "no"), ("a b", "x\ny\u{7f}\u{1F600}"), ("1", "---"), ("k", "")]
            .map(|(k, v)| (k.to_owned(), Value::from(v)))
            .into();
        assert_eq!(split(&write(&odd)).front, odd);
        assert_eq!(split("+++\na = 1\n+++\nx").front["a"], 1);
    }

    #[test]
    fn a_break_is_no_front_matter_and_broken_settings_are_kept() {
        for text in ["---\nhello\n---\nx\n", "---\nno end\n", "--- \n", "---", ""] {
            let split = split(text);
            assert_eq!((split.body.as_str(), split.trouble), (text, None), "{text}");
        }
        let broken = split("---\ntitle: [\n---\nx\n");
        assert!(broken.trouble.is_some());
        assert_eq!(broken.body, "```yaml\ntitle: [\n```\n\nx\n");
        assert!(split("---\n---\nx\n").front.is_empty());
    }

    #[test]
    fn bytes_that_are_not_utf8_are_read_not_lost() {
        assert_eq!(decode(b"caf\xe9 \x93x\x94\r\n"), Some(("caf\u{e9} \u{201c}x\u{201d}\n".into(), true)));
        assert_eq!(decode(b"\xef\xbb\xbfa"), Some(("a".into(), false)));
        assert_eq!(decode(b"\xff\xfea\0"), Some(("a".into(), true)));
        assert_eq!(decode(b"\x89PNG\0\xff"), None);
    }
}
