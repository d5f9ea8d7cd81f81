//! Which files a folder holds: never beyond its own walls, never twice, never without end.

use crate::{
    course::{ImportError, Limits},
    report::Reporter,
};
use inkhorn_protocol::fidelity::Outcome;
use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A file inside the folder.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Size in bytes.
    pub(crate) bytes: u64,
}

/// The files of a folder, by path relative to it with `/` between folders.
pub(crate) struct Tree {
    /// The folder, as the system names it without links.
    pub(crate) root: PathBuf,
    /// The files.
    pub(crate) files: BTreeMap<String, File>,
}

impl Tree {
    /// The text of a small settings file; `None` if it is absent or no text.
    pub(crate) fn settings(&self, name: &str) -> Option<String> {
        // Settings of a page at most; a larger file of that name is something else.
        let file = self.files.get(name).filter(|file| file.bytes < 1 << 20)?;
        fs::read(&file.path).ok().and_then(|bytes| String::from_utf8(bytes).ok())
    }
}

/// Folders that hold machinery, translations or output, whoever made them.
const SKIPPED: &[&str] = &[
    "node_modules",
    "translations",
    "translated_images",
    "i18n",
    "_site",
    "_build",
    "_includes",
    "_layouts",
    "_sass",
    "_data",
    "__pycache__",
    "venv",
    "bower_components",
    "renv",
];

/// Whether a file name is Markdown's.
pub(crate) fn is_markdown(name: &str) -> bool {
    let end = name.rsplit('.').next().unwrap_or("");
    name.contains('.')
        && ["md", "markdown", "mdown", "mkd", "mdx", "rmd", "qmd"].iter().any(|e| end.eq_ignore_ascii_case(e))
}

/// Lists a folder, or the one file that is given.
pub(crate) fn scan(path: &Path, limits: &Limits, report: &mut Reporter) -> Result<Tree, ImportError> {
    let unreadable = |reason: std::io::Error| ImportError::Unreadable {
        path: path.to_owned(),
        reason: reason.to_string(),
    };
    let root = path.canonicalize().map_err(unreadable)?;
    let meta = fs::metadata(&root).map_err(unreadable)?;
    if meta.is_file() {
        return single(root, meta.len());
    }
    fs::read_dir(&root).map_err(unreadable)?;
    let mut tree = Tree { root: root.clone(), files: BTreeMap::new() };
    let mut folders = vec![(root.clone(), String::new(), 0)];
    let mut seen = 0;
    while let Some((folder, rel, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(reason) => {
                report.note(
                    &rel,
                    None,
                    "folder",
                    Outcome::Missing,
                    format!("It cannot be read: {reason}. Allow reading it and import again."),
                );
                continue;
            }
        };
        for entry in entries.flatten() {
            seen += 1;
            if seen > limits.files {
                return Err(ImportError::TooManyFiles { limit: limits.files });
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let below = if rel.is_empty() { name.clone() } else { format!("{rel}/{name}") };
            let path = entry.path();
            let Ok(kind) = entry.file_type() else { continue };
            let meta = match fs::metadata(&path) {
                Ok(meta) => meta,
                Err(reason) if kind.is_symlink() => {
                    report.note(
                        &below,
                        None,
                        "link on disk",
                        Outcome::Missing,
                        format!("It leads nowhere: {reason}."),
                    );
                    continue;
                }
                Err(reason) => {
                    report.note(
                        &below,
                        None,
                        "file",
                        Outcome::Missing,
                        format!("It cannot be read: {reason}."),
                    );
                    continue;
                }
            };
            if kind.is_symlink() {
                let Ok(target) = path.canonicalize() else { continue };
                if !target.starts_with(&root) {
                    report.note(
                        &below,
                        None,
                        "link on disk",
                        Outcome::Dropped,
                        "It leads outside of the folder, so it was not followed.".into(),
                    );
                    continue;
                }
                if meta.is_dir() {
                    // What is inside is read at its own place.
                    let detail = if folder.starts_with(&target) {
                        "It leads back to a folder that it is in (a link cycle), so it was not followed."
                    } else {
                        "It leads to another folder of the course, which is imported once, at its own place."
                    };
                    report.note(&below, None, "link on disk", Outcome::Dropped, detail.into());
                    continue;
                }
            }
            if meta.is_file() {
                tree.files.insert(below, File { path, bytes: meta.len() });
            } else if meta.is_dir() {
                if name.starts_with('.') || SKIPPED.contains(&name.as_str()) {
                    if !name.starts_with('.') {
                        report.note(
                            &below,
                            None,
                            "folder",
                            Outcome::Dropped,
                            "It holds no lessons of this course by its name, so it was left out.".into(),
                        );
                    }
                } else if depth >= limits.depth {
                    report.note(
                        &below,
                        None,
                        "folder",
                        Outcome::Dropped,
                        format!("It lies deeper than {} folders, so it was left out.", limits.depth),
                    );
                } else {
                    folders.push((path, below, depth + 1));
                }
            }
        }
    }
    if !tree.files.keys().any(|name| is_markdown(name)) {
        return Err(ImportError::NoMarkdown { what: "folder" });
    }
    Ok(tree)
}

/// One file is a course of one lesson; its images may lie beside it.
fn single(path: PathBuf, bytes: u64) -> Result<Tree, ImportError> {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    if !is_markdown(&name) {
        return Err(ImportError::NoMarkdown { what: "file" });
    }
    let root = path.parent().map(Path::to_owned).unwrap_or_default();
    let mut files = BTreeMap::new();
    let mut folders = vec![(root.clone(), String::new())];
    while let Some((folder, rel)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (name, Ok(kind)) = (entry.file_name().to_string_lossy().into_owned(), entry.file_type())
            else {
                continue;
            };
            let below = if rel.is_empty() { name.clone() } else { format!("{rel}/{name}") };
            // Images beside the file and one folder below: enough for a page, bounded for a home folder.
            if kind.is_dir() && rel.is_empty() && !name.starts_with('.') {
                folders.push((entry.path(), below));
            } else if kind.is_file() && !is_markdown(&name) && files.len() < 10_000 {
                let bytes = entry.metadata().map_or(0, |m| m.len());
                files.insert(below, File { path: entry.path(), bytes });
            }
        }
    }
    files.insert(name, File { path, bytes });
    Ok(Tree { root, files })
}

/// Orders names as people do: `2-b` before `10-a`, case aside.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.chars().peekable(), b.chars().peekable());
    loop {
        match (left.peek().copied(), right.peek().copied()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let digits = |side: &mut std::iter::Peekable<std::str::Chars<'_>>| {
                    let mut text = String::new();
                    while let Some(digit) = side.next_if(char::is_ascii_digit) {
                        text.push(digit);
                    }
                    text.trim_start_matches('0').to_owned()
                };
                let (x, y) = (digits(&mut left), digits(&mut right));
                let order = x.len().cmp(&y.len()).then(x.cmp(&y));
                if order != Ordering::Equal {
                    return order;
                }
            }
            (Some(x), Some(y)) => {
                let order = x.to_lowercase().cmp(y.to_lowercase());
                if order != Ordering::Equal {
                    return order;
                }
                left.next();
                right.next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_people_do() {
        let mut names = ["10-x", "2-b", "02-a", "a", "B", "1"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["1", "02-a", "2-b", "10-x", "a", "B"]);
    }
}
