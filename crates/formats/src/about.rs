//! What a course says of itself, in the files that say it.
//!
//! | File | Read | Written |
//! |---|---|---|
//! | `book.toml`, `[book]` | `language`, `text-direction`, `authors` | the same |
//! | `inkhorn.toml`, `[course]` | `licence`, `objectives`, `cover`, and what `book.toml` does not say | `licence`, `objectives`, `cover` |
//! | `mkdocs.yml` | `site_author`, `copyright` (the licence), `theme.language` | |
//!
//! mdBook refuses keys that it does not know, so what it has no key for stands in a file of its own.

use crate::asset;
use crate::course::{AssetUse, ImportedAsset};
use crate::front;
use crate::scan::Tree;
use inkhorn_protocol::media;
use inkhorn_protocol::settings::{Direction, MAX_ENTRIES, MAX_TEXT, is_language};
use serde_json::Value;

/// What a course says of itself. Empty texts are not said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// BCP 47 tag.
    pub language: String,
    /// Direction of the text.
    pub direction: Direction,
    /// Licence.
    pub licence: String,
    /// Authors, in order.
    pub authors: Vec<String>,
    /// Objectives, in order.
    pub objectives: Vec<String>,
    /// Picture of the course.
    pub cover: Option<AssetUse>,
}

/// One line, no space around it, not without end.
fn line(value: &Value) -> Option<String> {
    let text = value.as_str()?.split_whitespace().collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(MAX_TEXT).collect();
    (!text.is_empty()).then_some(text)
}

fn lines(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(line).take(MAX_ENTRIES).collect(),
        one => line(one).into_iter().collect(),
    }
}

impl About {
    /// From the files of a folder, with the picture to be stored. Settings that do not read are left out: whoever reads the
    /// outline from the same file says so.
    pub(crate) fn read(tree: &Tree) -> (Self, Option<ImportedAsset>) {
        let toml = |name: &str, table: &str| {
            let text = tree.settings(name)?;
            front::toml(&text).ok()?.get(table).cloned()
        };
        let book = toml("book.toml", "book").unwrap_or_default();
        let own = toml("inkhorn.toml", "course").unwrap_or_default();
        let docs = ["mkdocs.yml", "mkdocs.yaml"].iter().find_map(|name| tree.settings(name));
        let docs = docs.and_then(|text| front::yaml(&text).ok()).unwrap_or_default();
        let first = |values: [&Value; 3]| values.into_iter().find_map(line).unwrap_or_default();
        let authors = [&book["authors"], &book["author"], &own["authors"], &docs["site_author"]];
        let cover =
            own["cover"].as_str().and_then(|path| tree.files.get(path)).and_then(|file| picture(&file.path));
        let about = Self {
            language: Some(first([&book["language"], &own["language"], &docs["theme"]["language"]]))
                .filter(|tag| is_language(tag))
                .unwrap_or_default(),
            direction: Direction::of(&first([&book["text-direction"], &own["text-direction"], &Value::Null])),
            licence: first([&own["licence"], &own["license"], &docs["copyright"]]),
            authors: authors.into_iter().map(lines).find(|found| !found.is_empty()).unwrap_or_default(),
            objectives: lines(&own["objectives"]),
            cover: cover.as_ref().map(|asset| AssetUse {
                hash: asset.hash.clone(),
                mime: asset.mime.clone(),
                bytes: asset.bytes,
                name: asset.name.clone(),
            }),
        };
        (about, cover)
    }

    /// Keys of `[book]`, a line each.
    pub(crate) fn book_keys(&self) -> String {
        let mut keys = String::new();
        if !self.authors.is_empty() {
            keys.push_str(&format!("authors = {}\n", list(&self.authors)));
        }
        if !self.language.is_empty() {
            keys.push_str(&format!("language = {}\n", quoted(&self.language)));
        }
        if self.direction != Direction::Auto {
            keys.push_str(&format!("text-direction = {}\n", quoted(self.direction.as_str())));
        }
        keys
    }

    /// `inkhorn.toml`, if there is something to say in it; `cover` is the path of the picture.
    pub(crate) fn own_file(&self, cover: Option<&str>) -> Option<String> {
        let mut keys = String::new();
        if !self.licence.is_empty() {
            keys.push_str(&format!("licence = {}\n", quoted(&self.licence)));
        }
        if !self.objectives.is_empty() {
            keys.push_str(&format!("objectives = {}\n", list(&self.objectives)));
        }
        if let Some(path) = cover {
            keys.push_str(&format!("cover = {}\n", quoted(path)));
        }
        (!keys.is_empty()).then(|| format!("[course]\n{keys}"))
    }
}

/// A string of TOML: JSON's rules for one fit, but for DEL, which TOML wants escaped.
fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace('\u{7f}', "\\u007f")
}

fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// The file, if it is an image that a course can hold.
fn picture(path: &std::path::Path) -> Option<ImportedAsset> {
    asset::read(path).ok().filter(|asset| {
        media::kind(&asset.mime) == media::Kind::Image
            && asset.bytes <= inkhorn_protocol::rest::MAX_ASSET_BYTES
    })
}
