//! What the formats promise, on files of our own and on the corpora beside the repository where they are present.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::print_stdout)]

mod about;
mod bad_input;
mod bodies;
mod corpora;
mod details;
mod folders;
mod media;

use inkhorn_formats::{ExportCourse, ExportNode, ImportOptions, ImportedCourse, ImportedNode, import_folder};
use inkhorn_protocol::{NodeId, body::Node};
use std::{collections::HashMap, path::Path};

/// Ids that count.
pub fn ids() -> impl FnMut() -> NodeId {
    let mut next = 0_u128;
    move || {
        next += 1;
        NodeId::from_random(next.to_be_bytes())
    }
}

pub fn import(path: &Path) -> ImportedCourse {
    import_folder(path, &ImportOptions::default(), &mut ids()).unwrap()
}

/// A folder with these files.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

/// The outline as one line a node, indented.
pub fn outline(nodes: &[ImportedNode]) -> String {
    fn below(nodes: &[ImportedNode], depth: usize, out: &mut String) {
        for node in nodes {
            out.push_str(&format!("{}{:?} {}\n", "  ".repeat(depth), node.kind, node.title));
            below(&node.children, depth + 1, out);
        }
    }
    let mut out = String::new();
    below(nodes, 0, &mut out);
    out
}

/// Every lesson, in order.
pub fn lessons(nodes: &[ImportedNode]) -> Vec<&ImportedNode> {
    nodes
        .iter()
        .flat_map(|node| if node.lesson.is_some() { vec![node] } else { lessons(&node.children) })
        .collect()
}

pub fn exportable(course: &ImportedCourse) -> ExportCourse {
    fn node(from: &ImportedNode) -> ExportNode {
        let lesson = from.lesson.as_ref();
        ExportNode {
            id: from.id.clone(),
            kind: from.kind,
            title: from.title.clone(),
            children: from.children.iter().map(node).collect(),
            body: lesson.map(|l| l.body.clone()),
            front_matter: lesson.map(|l| l.front_matter.clone()).unwrap_or_default(),
            assets: lesson.map(|l| l.assets.clone()).unwrap_or_default(),
        }
    }
    ExportCourse {
        title: course.title.clone(),
        nodes: course.nodes.iter().map(node).collect(),
        about: course.about.clone(),
    }
}

/// Exports a course to a new folder, imports it again, and compares everything but ids and file names.
pub fn assert_round_trip(course: &ImportedCourse) -> ImportedCourse {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let paths: HashMap<_, _> = course.assets.iter().map(|a| (a.hash.clone(), a.path.clone())).collect();
    inkhorn_formats::export_course(
        &exportable(course),
        &mut |hash| paths.get(hash).map(std::fs::read).transpose(),
        &out,
    )
    .unwrap();
    let again = import(&out);
    let last_resort = lessons(&again.nodes)
        .iter()
        .filter(|l| std::fs::read_to_string(out.join(&l.key)).unwrap().contains("inkhorn-node"))
        .count();
    assert_eq!(last_resort, 0, "lessons that Markdown could not say");
    assert_eq!(again.title, course.title);
    assert_eq!(outline(&again.nodes), outline(&course.nodes));
    let (before, after) = (lessons(&course.nodes), lessons(&again.nodes));
    let names: HashMap<String, String> =
        after.iter().zip(&before).map(|(a, b)| (a.id.to_string(), b.id.to_string())).collect();
    for (before, after) in before.iter().zip(&after) {
        let (old, new) = (before.lesson.as_ref().unwrap(), after.lesson.as_ref().unwrap());
        let renamed = rename(&new.body, &names);
        if renamed != old.body {
            let differing = old.body.content.iter().zip(&renamed.content).find(|(a, b)| a != b);
            panic!("{}: {differing:#?}", before.key);
        }
        assert_eq!(new.front_matter, old.front_matter, "{}", before.key);
        let used = |lesson: &inkhorn_formats::ImportedLesson| {
            lesson.assets.iter().map(|a| (a.hash.clone(), a.mime.clone(), a.bytes)).collect::<Vec<_>>()
        };
        assert_eq!(used(new), used(old), "{}", before.key);
    }
    let hashes = |course: &ImportedCourse| course.assets.iter().map(|a| a.hash.clone()).collect::<Vec<_>>();
    assert_eq!(hashes(&again), hashes(course));
    again
}

/// The body with the ids of another import in its links.
fn rename(body: &Node, names: &HashMap<String, String>) -> Node {
    let mut text = serde_json::to_string(body).unwrap();
    for (new, old) in names {
        text = text.replace(&format!("lesson:{new}"), &format!("lesson:@{old}"));
    }
    serde_json::from_str(&text.replace("lesson:@", "lesson:")).unwrap()
}
