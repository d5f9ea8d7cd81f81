//! Real courses, where they are present: `INKHORN_CORPORA`, or `corpora` in the folder `shared` beside the repository.

use crate::{assert_round_trip, import, lessons, outline};
use std::path::PathBuf;

fn corpus(name: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let root = std::env::var_os("INKHORN_CORPORA").map_or(beside, PathBuf::from);
    let path = root.join(name);
    if !path.is_dir() {
        println!("SKIPPED: {} is not here. Set INKHORN_CORPORA to the folder that holds it.", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn a_curriculum_in_folders_survives_import_export_import() {
    let Some(path) = corpus("iot-for-beginners") else { return };
    let course = import(&path);
    println!("{}", outline(&course.nodes));
    for count in &course.report.counts {
        println!("{:?} {} {}", count.outcome, count.count, count.what);
    }
    for item in &course.report.items {
        println!("{}:{:?} {} {:?}: {}", item.file, item.line, item.what, item.outcome, item.detail);
    }
    assert!(lessons(&course.nodes).len() > 100);
    assert_round_trip(&course);
}

#[test]
fn a_carpentries_lesson_survives_import_export_import() {
    let Some(path) = corpus("git-novice") else { return };
    let course = import(&path);
    println!("{}", outline(&course.nodes));
    for count in &course.report.counts {
        println!("{:?} {} {}", count.outcome, count.count, count.what);
    }
    for item in &course.report.items {
        println!("{}:{:?} {} {:?}: {}", item.file, item.line, item.what, item.outcome, item.detail);
    }
    assert_round_trip(&course);
}
