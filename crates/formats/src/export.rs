//! A course becomes a folder: an mdBook that also imports to the same course.
//!
//! `book.toml` and `inkhorn.toml` hold what the course says of itself (see [`crate::about`]); `src/SUMMARY.md` the outline, with chapters as parts, sections as drafts and lessons as
//! pages; `src/assets/` the images. A lesson's title stands as the first heading of its page.

use crate::{
    canonical,
    course::{AssetUse, ExportCourse, ExportError, ExportNode, ExportReport, NodeKind},
    front, html,
    write::{Style, body_to_markdown, escape, escape_start},
};
use inkhorn_protocol::{AssetHash, NodeId, body::Node, media};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

/// Writes a course to `out`, which is created, or is empty. `asset` gives an asset's bytes, or `None` if this computer
/// does not hold it; one asset at a time is in memory.
///
/// # Errors
/// Nothing is left at `out` after an error.
pub fn export_course(
    course: &ExportCourse,
    asset: &mut dyn FnMut(&AssetHash) -> io::Result<Option<Vec<u8>>>,
    out: &Path,
) -> Result<ExportReport, ExportError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |reason: io::Error| ExportError::Write { path, reason: reason.to_string() }
    };
    let exists = match fs::read_dir(out).map(Iterator::count) {
        Ok(count) if count > 0 => return Err(ExportError::NotEmpty { path: out.to_owned() }),
        Ok(_) => true,
        Err(_) if out.exists() => return Err(ExportError::NotEmpty { path: out.to_owned() }),
        Err(_) => false,
    };
    let parent = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // An existing folder may be a disk of its own, onto which nothing can be renamed.
    let near = if exists { out } else { parent };
    fs::create_dir_all(near).map_err(failed(near))?;
    let stage = tempfile::Builder::new().prefix(".inkhorn-export-").tempdir_in(near).map_err(failed(near))?;
    let root = stage.path().join("course");
    let mut writer = Writer::new(course, root.join("src"));
    writer.course(course, asset)?;
    let title = Value::from(course.title.as_str());
    let book = format!("[book]\ntitle = {title}\nsrc = \"src\"\n{}", course.about.book_keys());
    let mut files = vec![("book.toml", book)];
    let cover = course.about.cover.as_ref().filter(|cover| !writer.absent.contains(&cover.hash));
    let cover =
        cover.and_then(|cover| writer.names.get(&cover.hash)).map(|name| format!("src/assets/{name}"));
    files.extend(course.about.own_file(cover.as_deref()).map(|text| ("inkhorn.toml", text)));
    for (name, text) in &files {
        let path = root.join(name);
        fs::write(&path, text).map_err(failed(&path))?;
    }
    if exists {
        for name in ["src"].into_iter().chain(files.iter().map(|(name, _)| *name)) {
            fs::rename(root.join(name), out.join(name)).map_err(failed(out)).inspect_err(|_| {
                // Leave the folder as empty as it was.
                let _ = fs::remove_dir_all(out.join("src"));
                for (name, _) in &files {
                    let _ = fs::remove_file(out.join(name));
                }
            })?;
        }
    } else {
        fs::rename(&root, out).map_err(failed(out))?;
    }
    Ok(writer.report)
}

struct Writer {
    source: PathBuf,
    /// Path of each lesson's page, relative to `source`.
    pages: HashMap<NodeId, String>,
    /// File name of each asset in `assets/`.
    names: BTreeMap<AssetHash, String>,
    absent: BTreeSet<AssetHash>,
    report: ExportReport,
}

impl Writer {
    fn new(course: &ExportCourse, source: PathBuf) -> Self {
        let mut pages = HashMap::new();
        place(&course.nodes, "", &mut pages);
        Self {
            source,
            pages,
            names: asset_names(&course.nodes, course.about.cover.as_ref()),
            absent: BTreeSet::new(),
            report: ExportReport::default(),
        }
    }

    fn course(
        &mut self,
        course: &ExportCourse,
        asset: &mut dyn FnMut(&AssetHash) -> io::Result<Option<Vec<u8>>>,
    ) -> Result<(), ExportError> {
        for (hash, name) in self.names.clone() {
            let path = self.source.join("assets").join(&name);
            let bytes = asset(&hash)
                .map_err(|reason| ExportError::Write { path: path.clone(), reason: reason.to_string() })?;
            match bytes {
                Some(bytes) => {
                    write(&path, &bytes)?;
                    self.report.assets += 1;
                }
                None => {
                    self.absent.insert(hash);
                }
            }
        }
        let mut summary = "# Summary\n".to_owned();
        for node in &course.nodes {
            if node.kind == NodeKind::Chapter {
                summary.push_str(&format!("\n# {}\n\n", line(&node.title)));
                self.outline(&node.children, 0, &mut summary)?;
            } else {
                summary.push('\n');
                self.outline(std::slice::from_ref(node), 0, &mut summary)?;
            }
        }
        write(&self.source.join("SUMMARY.md"), summary.as_bytes())
    }

    fn outline(
        &mut self,
        nodes: &[ExportNode],
        depth: usize,
        summary: &mut String,
    ) -> Result<(), ExportError> {
        for node in nodes {
            let page = self.pages.get(&node.id).cloned().unwrap_or_default();
            summary.push_str(&format!("{}- [{}]({page})\n", "  ".repeat(depth), line(&node.title)));
            if !page.is_empty() {
                self.lesson(node, &page)?;
            }
            if depth < 8 {
                self.outline(&node.children, depth + 1, summary)?;
            }
        }
        Ok(())
    }

    fn lesson(&mut self, node: &ExportNode, page: &str) -> Result<(), ExportError> {
        let mut text = front::write(&node.front_matter);
        text.push_str(&format!("# {}\n", line(&node.title)));
        if let Some(body) = &node.body {
            let mut body = canonical(body);
            let up = "../".repeat(page.matches('/').count());
            let mut absent = Vec::new();
            references(&mut body, &mut |value| self.target(value, &up, &mut absent));
            self.report.missing_assets.extend(absent.into_iter().map(|hash| (node.title.clone(), hash)));
            let blank = matches!(body.content.as_slice(), [only] if only.kind == "paragraph" && only.content.is_empty());
            if !blank && !body.content.is_empty() {
                text.push('\n');
                text.push_str(&body_to_markdown(&body));
            }
        }
        self.report.lessons += 1;
        write(&self.source.join(page), text.as_bytes())
    }

    /// The path for an internal reference; `None` leaves it as it is.
    fn target(&self, value: &str, up: &str, absent: &mut Vec<AssetHash>) -> Option<String> {
        if let Some(rest) = value.strip_prefix("asset:") {
            let hash: AssetHash = rest.parse().ok()?;
            let name = self.names.get(&hash)?;
            if self.absent.contains(&hash) {
                absent.push(hash);
                return None;
            }
            return Some(format!("{up}assets/{}", percent_encode(name)));
        }
        let rest = value.strip_prefix("lesson:")?;
        let (id, fragment) = rest.find('#').map_or((rest, ""), |at| rest.split_at(at));
        let page = self.pages.get(&id.parse::<NodeId>().ok()?)?;
        Some(format!("{up}{page}{fragment}"))
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    let failed = |reason: io::Error| ExportError::Write { path: path.to_owned(), reason: reason.to_string() };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(path, bytes).map_err(failed)
}

/// A title on one line of Markdown.
fn line(title: &str) -> String {
    let title = if title.trim().is_empty() { "Untitled" } else { title };
    let mut out = escape_start(&escape(title, Style::Escaped));
    for (end, code) in [(' ', "&#32;"), ('#', "\\#")] {
        if out.ends_with(end) {
            out.pop();
            out.push_str(code);
        }
    }
    out
}

/// Gives every lesson a path.
fn place(nodes: &[ExportNode], folder: &str, pages: &mut HashMap<NodeId, String>) {
    for (at, node) in nodes.iter().enumerate() {
        let name = format!("{folder}{:02}-{}", at + 1, slug(&node.title));
        if node.kind == NodeKind::Lesson {
            pages.insert(node.id.clone(), format!("{name}.md"));
        } else {
            place(&node.children, &format!("{name}/"), pages);
        }
    }
}

/// A title as a file name that every system takes.
fn slug(title: &str) -> String {
    let mut out = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') && c != '\'' {
            out.push('-');
        }
        if out.len() >= 48 {
            break;
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() { "untitled".to_owned() } else { out.to_owned() }
}

/// A file name for every asset that a body names, unique whatever the case.
fn asset_names(nodes: &[ExportNode], cover: Option<&AssetUse>) -> BTreeMap<AssetHash, String> {
    fn collect(nodes: &[ExportNode], found: &mut Vec<(AssetHash, Option<String>)>) {
        for node in nodes {
            if let Some(body) = &node.body {
                let mut body = body.clone();
                references(&mut body, &mut |value| {
                    if let Some(hash) = value.strip_prefix("asset:").and_then(|h| h.parse::<AssetHash>().ok())
                    {
                        let used = node.assets.iter().find(|asset| asset.hash == hash);
                        found.push((hash, used.map(|asset| file_name(&asset.name, &asset.mime))));
                    }
                    None
                });
            }
            collect(&node.children, found);
        }
    }
    let mut found = Vec::new();
    collect(nodes, &mut found);
    found.extend(cover.map(|cover| (cover.hash.clone(), Some(file_name(&cover.name, &cover.mime)))));
    let mut out = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (hash, name) in found {
        if out.contains_key(&hash) {
            continue;
        }
        let mut name = name.unwrap_or_else(|| format!("{hash}.bin"));
        if !taken.insert(name.to_lowercase()) {
            let (stem, end) = name.rsplit_once('.').unwrap_or((&name, "bin"));
            name = format!("{stem}-{}.{end}", &hash.as_str()[..12]);
            taken.insert(name.to_lowercase());
        }
        out.insert(hash, name);
    }
    out
}

/// A file name that stays what it was, as far as every system takes it.
fn file_name(name: &str, mime: &str) -> String {
    let safe = |c: char| if c.is_control() || "<>:\"/\\|?*".contains(c) { '-' } else { c };
    let name: String = name.chars().map(safe).take(100).collect();
    let name = name.trim_matches([' ', '.']).to_owned();
    let end = media::extension(mime);
    let has_end = name.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && end.len() <= 5);
    match (name.is_empty(), has_end) {
        (true, _) => format!("file.{end}"),
        (false, true) => name,
        (false, false) => format!("{name}.{end}"),
    }
}

fn percent_encode(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            '%' | '#' | '?' | ' ' | '(' | ')' => out.push_str(&format!("%{:02X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Passes every reference of a body through `change`: links, images, `src` and `href` in HTML.
fn references(node: &mut Node, change: &mut dyn FnMut(&str) -> Option<String>) {
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        let key = match node.kind.as_str() {
            "image" | "video" | "audio" | "file" => Some("src"),
            _ => None,
        };
        if let Some(Value::String(value)) = key.and_then(|key| node.attrs.get_mut(key))
            && let Some(new) = change(value)
        {
            *value = new;
        }
        if node.kind == "htmlBlock"
            && let Some(Value::String(value)) = node.attrs.get_mut("html")
        {
            *value = html::rewrite(value, |_, reference| change(reference));
        }
        for mark in node.marks.iter_mut().filter(|mark| mark.kind == "link") {
            if let Some(Value::String(value)) = mark.attrs.get_mut("href")
                && let Some(new) = change(value)
            {
                *value = new;
            }
        }
        stack.extend(node.content.iter_mut());
    }
}
