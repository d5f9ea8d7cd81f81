//! Where links lead and images are. Nothing outside of the folder is ever touched.

use crate::{
    asset,
    course::{AssetUse, ImportedAsset, Limits},
    env::{Env, Wiki},
    include,
    layout::{folder_of, join, name_of},
    report::Reporter,
    scan::{Tree, is_markdown},
};
use inkhorn_protocol::{
    AssetHash, NodeId,
    fidelity::Outcome,
    media::{self, Kind},
};
use std::collections::{BTreeMap, HashMap};

/// What the report says of a file that is not used.
type Refusal = (Outcome, String);

/// What all pages of an import share.
pub(crate) struct Library<'a> {
    tree: &'a Tree,
    limits: &'a Limits,
    bases: &'a [String],
    /// Lessons by the path of their page.
    pub(crate) lessons: BTreeMap<String, NodeId>,
    /// Paths by their lower-case form: authors' disks often do not tell case apart.
    folded: HashMap<String, String>,
    /// Paths by their name without folder and end, in lower case: Obsidian links by name.
    names: HashMap<String, String>,
    /// Whether code includes files in mdBook's way.
    pub(crate) includes: bool,
    /// Definitions of references that hold for every page.
    pub(crate) definitions: Vec<String>,
    known: HashMap<String, Result<ImportedAsset, Refusal>>,
    /// Every asset that was used.
    pub(crate) assets: BTreeMap<AssetHash, ImportedAsset>,
}

impl<'a> Library<'a> {
    pub(crate) fn new(
        tree: &'a Tree,
        limits: &'a Limits,
        bases: &'a [String],
        lessons: BTreeMap<String, NodeId>,
    ) -> Self {
        let mut folded = HashMap::new();
        let mut names = HashMap::new();
        for path in tree.files.keys() {
            folded.entry(path.to_lowercase()).or_insert_with(|| path.clone());
            let name = name_of(path).to_lowercase();
            if is_markdown(&name) {
                let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
                names.entry(stem).or_insert_with(|| path.clone());
            }
            names.entry(name).or_insert_with(|| path.clone());
        }
        Self {
            tree,
            limits,
            bases,
            lessons,
            folded,
            names,
            includes: false,
            definitions: Vec::new(),
            known: HashMap::new(),
            assets: BTreeMap::new(),
        }
    }

    fn file(&self, path: &str) -> Option<String> {
        if self.tree.files.contains_key(path) {
            return Some(path.to_owned());
        }
        self.folded.get(&path.to_lowercase()).cloned()
    }

    /// The page that a path means: itself, a folder's own page, or the source of an output page.
    fn page(&self, path: &str) -> Option<String> {
        let bare = path.trim_end_matches('/');
        let mut tries = vec![bare.to_owned()];
        let in_folder = |name: &str| if bare.is_empty() { name.to_owned() } else { format!("{bare}/{name}") };
        for name in ["README.md", "index.md", "_index.md", "index.mdx", "index.Rmd"] {
            tries.push(in_folder(name));
        }
        let stem = bare.strip_suffix(".html").or_else(|| bare.strip_suffix(".htm")).unwrap_or(bare);
        for end in ["md", "mdx", "markdown", "Rmd", "qmd"] {
            tries.push(format!("{stem}.{end}"));
        }
        if let Some(folder) = stem.strip_suffix("index") {
            tries.push(format!("{folder}README.md"));
        }
        tries.iter().filter_map(|path| self.file(path)).find(|path| self.lessons.contains_key(path))
    }

    /// Reads a file once; else says why it is not used, in the same words at every place that names it.
    fn asset(&mut self, path: &str) -> Option<Result<ImportedAsset, Refusal>> {
        if let Some(known) = self.known.get(path) {
            return Some(known.clone());
        }
        let file = self.tree.files.get(path)?;
        let limit = self.limits.asset_bytes;
        let found = if file.bytes > limit {
            let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
            let detail = format!(
                "{path} has {} MB; images and other files may have up to {} MB. Its place in the lesson is kept.",
                megabytes(file.bytes),
                megabytes(limit)
            );
            Err((Outcome::Dropped, detail))
        } else {
            match asset::read(&file.path) {
                Ok(asset) => Ok(asset),
                Err(reason) => Err((
                    Outcome::Missing,
                    format!("{path} cannot be read: {reason}. Its place in the lesson is kept."),
                )),
            }
        };
        self.known.insert(path.to_owned(), found.clone());
        Some(found)
    }
}

/// One page's view of the library.
pub(crate) struct Linker<'l, 'a> {
    pub(crate) library: &'l mut Library<'a>,
    pub(crate) report: &'l mut Reporter,
    /// Path of the page.
    pub(crate) file: &'l str,
    /// Lines of the file before the text that is parsed.
    pub(crate) skipped: u32,
    /// Assets that the page uses, in order.
    pub(crate) uses: Vec<AssetUse>,
}

enum Target {
    Outside,
    At(Vec<String>),
}

impl Linker<'_, '_> {
    /// Where a path of this page may lead, best first.
    fn targets(&self, path: &str) -> Target {
        // A template's variable at the front stands for the root of the site.
        let path = match path.strip_prefix("{{").and_then(|r| r.split_once("}}")) {
            Some((_, rest)) => format!("/{}", rest.trim_start_matches('/')),
            None => path.to_owned(),
        };
        let mut out = Vec::new();
        if !path.starts_with('/') {
            match join(folder_of(self.file), &path) {
                Some(path) => out.push(path),
                None => return Target::Outside,
            }
        }
        out.extend(self.library.bases.iter().filter_map(|base| join(base, &path)));
        Target::At(out)
    }
}

/// What the report calls a thing, here and on the web.
fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Image => ("image", "image on the web"),
        Kind::Video => ("video", "video on the web"),
        Kind::Audio => ("audio", "audio on the web"),
        Kind::File => ("file", "file on the web"),
    }
}

/// Whether a reference names a place on the web or in an app, not a file.
fn external(reference: &str) -> bool {
    let scheme = reference.split_once(':').map(|(scheme, _)| scheme);
    reference.starts_with("//")
        || scheme.is_some_and(|s| {
            s.starts_with(|c: char| c.is_ascii_alphabetic())
                && s.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
        })
}

/// `%20` and the like as characters; what is no valid escape stays.
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let value =
            hex.and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        match value {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

impl Env for Linker<'_, '_> {
    fn link(&mut self, href: &str, line: u32) -> String {
        if href.is_empty() || href.starts_with('#') || external(href) {
            self.count("link", Outcome::Kept);
            return href.to_owned();
        }
        let (rest, fragment) = match href.split_once('#') {
            Some((rest, fragment)) => (rest, format!("#{fragment}")),
            None => (href, String::new()),
        };
        let path = percent_decode(rest.split('?').next().unwrap_or(rest));
        let Target::At(targets) = self.targets(&path) else {
            self.note(
                line,
                "link",
                Outcome::Missing,
                format!("{href} leads outside of the folder; the link is kept as it is."),
            );
            return href.to_owned();
        };
        let page = targets.iter().find_map(|path| self.library.page(path));
        if let Some(id) = page.and_then(|page| self.library.lessons.get(&page).cloned()) {
            self.count("link between lessons", Outcome::Converted);
            return format!("lesson:{id}{fragment}");
        }
        if let Some(file) = targets.iter().find_map(|path| self.library.file(path)) {
            self.note(line, "link", Outcome::Kept, format!("{file} is a file beside the lessons and is not part of the course; the link is kept as it is."));
        } else {
            self.note(
                line,
                "link",
                Outcome::Missing,
                format!("{href} leads to nothing in this folder; the link is kept as it is."),
            );
        }
        href.to_owned()
    }

    fn image(&mut self, src: &str, line: u32) -> String {
        self.media(src, Kind::Image, line)
    }

    fn media(&mut self, src: &str, kind: Kind, line: u32) -> String {
        let (what, on_the_web) = words(kind);
        if src.is_empty() || src.starts_with('#') || external(src) {
            self.count(on_the_web, Outcome::Kept);
            return src.to_owned();
        }
        let path = percent_decode(src.split(['?', '#']).next().unwrap_or(src));
        let missing = |why: &str| format!("{src} {why}. Its place and its description are kept.");
        let Target::At(targets) = self.targets(&path) else {
            self.note(line, what, Outcome::Missing, missing("lies outside of the folder"));
            return src.to_owned();
        };
        let raw = src.to_owned();
        let found =
            targets.iter().find_map(|path| self.library.file(path)).or_else(|| self.library.file(&raw));
        let Some(found) = found else {
            self.note(line, what, Outcome::Missing, missing("is not in the folder"));
            return src.to_owned();
        };
        self.use_asset(&found, kind, line).unwrap_or_else(|| src.to_owned())
    }

    fn wiki(&mut self, target: &str, line: u32) -> Option<Wiki> {
        let (name, fragment) = match target.split_once('#') {
            Some((name, fragment)) => (name.trim(), format!("#{fragment}")),
            None => (target, String::new()),
        };
        if name.is_empty() {
            return (!fragment.is_empty() && !fragment.contains(['[', ']']))
                .then_some(Wiki::Lesson(fragment));
        }
        let beside = join(folder_of(self.file), name).into_iter().chain(join("", name));
        let direct: Vec<String> = beside.collect();
        if let Some(page) = direct.iter().find_map(|path| self.library.page(path)) {
            let id = self.library.lessons.get(&page)?;
            return Some(Wiki::Lesson(format!("lesson:{id}{fragment}")));
        }
        let path = direct
            .iter()
            .find_map(|path| self.library.file(path))
            .or_else(|| self.library.names.get(&name.to_lowercase()).cloned())?;
        if let Some(id) = self.library.lessons.get(&path).cloned() {
            self.count("link between lessons", Outcome::Converted);
            return Some(Wiki::Lesson(format!("lesson:{id}{fragment}")));
        }
        let kind = media::by_name(&path).map_or(Kind::Image, media::kind);
        let src = (!is_markdown(&path)).then(|| self.use_asset(&path, kind, line)).flatten()?;
        Some(match kind {
            Kind::Video => Wiki::Media("video", src, name_of(&path).to_owned()),
            Kind::Audio => Wiki::Media("audio", src, name_of(&path).to_owned()),
            Kind::Image | Kind::File => Wiki::Image(src),
        })
    }

    fn code(&mut self, text: &str, line: u32) -> String {
        if !self.library.includes || !text.contains("{{#") {
            return text.to_owned();
        }
        let mut said = Vec::new();
        let done = include::expand(text, |path| {
            let file = join(folder_of(self.file), path).and_then(|path| self.library.file(&path));
            let file = file
                .and_then(|name| self.library.tree.files.get(&name))
                .filter(|f| f.bytes <= self.library.limits.lesson_bytes);
            let read = file
                .and_then(|file| std::fs::read(&file.path).ok())
                .and_then(|bytes| crate::front::decode(&bytes));
            match read {
                Some((text, _)) => {
                    said.push((Outcome::Converted, format!("{path} was put in where the code included it.")));
                    Some(text)
                }
                None => {
                    said.push((
                        Outcome::Missing,
                        format!("{path}, which the code includes, is not in the folder or is no text."),
                    ));
                    None
                }
            }
        });
        for (outcome, detail) in said {
            self.note(line, "included code", outcome, detail);
        }
        done
    }

    fn note(&mut self, line: u32, what: &'static str, outcome: Outcome, detail: String) {
        self.report.note(self.file, Some(line + self.skipped), what, outcome, detail);
    }

    fn count(&mut self, what: &'static str, outcome: Outcome) {
        self.report.count(what, outcome);
    }
}

impl Linker<'_, '_> {
    fn use_asset(&mut self, path: &str, kind: Kind, line: u32) -> Option<String> {
        let (what, _) = words(kind);
        let asset = match self.library.asset(path)? {
            // What is to be shown as an image must be one; what cannot be played can still be saved.
            Ok(asset) if kind == Kind::Image && media::kind(&asset.mime) != Kind::Image => {
                self.note(line, what, Outcome::Dropped, asset::refusal(path));
                return None;
            }
            Ok(asset) => asset,
            Err((outcome, detail)) => {
                self.note(line, what, outcome, detail);
                return None;
            }
        };
        self.count(what, Outcome::Kept);
        if self.uses.iter().all(|used| used.hash != asset.hash) {
            self.uses.push(AssetUse {
                hash: asset.hash.clone(),
                mime: asset.mime.clone(),
                bytes: asset.bytes,
                name: asset.name.clone(),
            });
        }
        let src = format!("asset:{}", asset.hash);
        self.library.assets.entry(asset.hash.clone()).or_insert(asset);
        Some(src)
    }
}
