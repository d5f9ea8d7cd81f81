//! A folder becomes a course.

use crate::{
    about::About,
    blocks,
    canonical::plain_text,
    course::{ImportError, ImportOptions, ImportedCourse, ImportedLesson, ImportedNode, NodeKind},
    front,
    layout::{self, Page, Pages, pretty},
    report::Reporter,
    resolve::{Library, Linker},
    scan::{self, Tree, is_markdown},
    shape::{self, Place},
};
use inkhorn_protocol::{NodeId, body::Node, fidelity::Outcome};
use std::{collections::BTreeMap, fs, path::Path};

/// Reads a folder of Markdown, or one Markdown file, as a course. `ids` gives a fresh id for every node.
///
/// # Errors
/// Only where there is nothing to import; whatever concerns single files is in the report.
pub fn import_folder(
    path: &Path,
    options: &ImportOptions,
    ids: &mut dyn FnMut() -> NodeId,
) -> Result<ImportedCourse, ImportError> {
    let mut report = Reporter::default();
    let tree = scan::scan(path, &options.limits, &mut report)?;
    let pages = read_pages(&tree, options, &mut report);
    if pages.is_empty() {
        return Err(ImportError::AllRefused { first: report.first_refused().unwrap_or_default() });
    }
    let plan = layout::plan(&tree, &pages, &mut report);
    let folder = tree.root.file_name().map(|n| pretty(&n.to_string_lossy())).unwrap_or_default();
    let named = options.title.clone().or(plan.title.clone()).filter(|title| !title.trim().is_empty());
    let title = named.or_else(|| own_title(&pages)).unwrap_or(folder);
    let places = shape::shape(plan.entries, &pages, &title, &mut report);

    let mut lessons = BTreeMap::new();
    let numbered: Vec<Numbered> = places.into_iter().map(|place| number(place, ids, &mut lessons)).collect();
    let mut library = Library::new(&tree, &options.limits, &plan.bases, lessons);
    library.includes = plan.used.is_some();
    library.definitions = plan.definitions;
    let nodes = numbered.into_iter().map(|node| fill(node, &pages, &mut library, &mut report)).collect();
    let (about, cover) = About::read(&tree);
    if let Some(cover) = cover {
        library.assets.entry(cover.hash.clone()).or_insert(cover);
    }
    let assets = library.assets.into_values().collect();
    Ok(ImportedCourse { title: title.trim().to_owned(), nodes, assets, report: report.finish(), about })
}

/// The title that the folder's own page, or its only page, has.
fn own_title(pages: &Pages) -> Option<String> {
    let own = ["README.md", "readme.md", "index.md", "_index.md"]
        .iter()
        .find_map(|name| pages.get(*name)?.title.clone());
    let only = || if pages.len() == 1 { pages.values().next()?.title.clone() } else { None };
    own.or_else(only)
}

fn read_pages(tree: &Tree, options: &ImportOptions, report: &mut Reporter) -> Pages {
    let mut pages = Pages::new();
    for (name, file) in tree.files.iter().filter(|(name, _)| is_markdown(name)) {
        let limit = options.limits.lesson_bytes;
        if file.bytes > limit {
            let megabytes = |bytes: u64| bytes.div_ceil(1 << 20);
            report.note(name, None, "lesson", Outcome::Dropped, format!(
                "It has {} MB; a lesson may have up to {} MB. Split it into several files and import again.", megabytes(file.bytes), megabytes(limit)));
            continue;
        }
        let bytes = match fs::read(&file.path) {
            Ok(bytes) => bytes,
            Err(reason) => {
                report.note(
                    name,
                    None,
                    "lesson",
                    Outcome::Missing,
                    format!("It cannot be read: {reason}. Allow reading it and import again."),
                );
                continue;
            }
        };
        let Some((text, recoded)) = front::decode(&bytes) else {
            report.note(
                name,
                None,
                "lesson",
                Outcome::Dropped,
                "It holds bytes that are no text. Save it as UTF-8 text and import again.".into(),
            );
            continue;
        };
        let mut text = front::split(&text);
        text.recoded = recoded;
        if recoded {
            report.note(name, None, "lesson", Outcome::Converted, "It is not UTF-8; it was read as Windows-1252 or UTF-16. Check its accents and quotation marks.".into());
        }
        if let Some(trouble) = &text.trouble {
            report.note(
                name,
                Some(1),
                "front matter",
                Outcome::Converted,
                format!("It cannot be read ({trouble}); it stands at the top of the lesson, as code."),
            );
        }
        let title = page_title(&text, name);
        pages.insert(name.clone(), Page { text, title });
    }
    pages
}

/// Title by front matter, else by the first heading of level 1, else by a heading at the very top;
/// but a name with spaces was given by hand, and says more than a lower heading.
fn page_title(text: &front::Text, name: &str) -> Option<String> {
    let front = text.front.get("title").and_then(|value| match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    let trimmed = |title: String| {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        (!title.is_empty()).then_some(title)
    };
    front
        .and_then(trimmed)
        .or_else(|| blocks::first_heading(&text.body, !name.contains(' ')).and_then(trimmed))
}

struct Numbered {
    id: NodeId,
    place: Place,
    children: Vec<Numbered>,
}

fn number(
    mut place: Place,
    ids: &mut dyn FnMut() -> NodeId,
    lessons: &mut BTreeMap<String, NodeId>,
) -> Numbered {
    let id = ids();
    if let Some(file) = &place.file {
        lessons.insert(file.clone(), id.clone());
    }
    let children =
        std::mem::take(&mut place.children).into_iter().map(|child| number(child, ids, lessons)).collect();
    Numbered { id, place, children }
}

fn fill(node: Numbered, pages: &Pages, library: &mut Library<'_>, report: &mut Reporter) -> ImportedNode {
    let Numbered { id, place, children } = node;
    let children = children.into_iter().map(|child| fill(child, pages, library, report)).collect();
    let lesson = (place.kind == NodeKind::Lesson).then(|| lesson(&place, pages, library, report));
    ImportedNode { id, key: place.key, kind: place.kind, title: place.title, children, lesson }
}

fn lesson(place: &Place, pages: &Pages, library: &mut Library<'_>, report: &mut Reporter) -> ImportedLesson {
    let found = place.file.as_deref().and_then(|file| Some((file, pages.get(file)?)));
    let Some((file, page)) = found else {
        return ImportedLesson { body: empty(), assets: vec![], front_matter: Default::default() };
    };
    report.count("lesson", Outcome::Kept);
    let text = with_definitions(&page.text.body, &library.definitions);
    let mut linker = Linker { library, report, file, skipped: page.text.skipped, uses: Vec::new() };
    let mut body = blocks::parse(&text, &mut linker);
    let assets = std::mem::take(&mut linker.uses);
    let same = |text: &str| text.split_whitespace().eq(place.title.split_whitespace());
    let heading = body.content.first().filter(|first| {
        let plain = |node: &Node| {
            matches!(node.kind.as_str(), "text" | "inlineMath") && node.marks.iter().all(|m| m.kind != "link")
        };
        first.kind == "heading"
            && first.attrs.get("level").and_then(serde_json::Value::as_u64) == Some(1)
            && first.content.iter().all(plain)
    });
    if let Some(heading) = heading
        && same(&plain_text(heading))
    {
        // The title of a lesson stands above its body; twice would be once too often.
        body.content.remove(0);
    }
    if body.content.is_empty() {
        body = empty();
    }
    let mut front_matter = page.text.front.clone();
    if front_matter.get("title").and_then(|t| t.as_str()).is_some_and(|t| t == place.title) {
        front_matter.remove("title");
    }
    ImportedLesson { body, assets, front_matter }
}

/// A text with those shared definitions behind it that it uses.
fn with_definitions(body: &str, definitions: &[String]) -> String {
    let mut out = body.to_owned();
    for definition in definitions {
        let label = definition.split_inclusive(']').next().unwrap_or(definition);
        if body.contains(label) && !body.contains(&format!("{label}:")) {
            out.push_str(&format!("\n\n{definition}"));
        }
    }
    out
}

/// The body of a lesson that nobody has written yet.
fn empty() -> Node {
    Node::new("doc", vec![Node::new("paragraph", vec![])])
}
