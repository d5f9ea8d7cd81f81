//! Finding and replacing in a whole course.

use inkhorn_core::{Code, Config, Core};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::find::Needle;
use std::fmt::Write as _;
use std::time::Instant;
use tempfile::TempDir;

fn needle(text: &str) -> Needle {
    Needle { text: text.to_owned(), ..Needle::default() }
}

#[allow(clippy::unwrap_used, reason = "the set-up of tests")]
/// A course of so many lessons, each with the word "moisture" twice.
async fn course(lessons: usize) -> (TempDir, Core, CourseId) {
    let (profile, folder) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for lesson in 0..lessons {
        let mut text = format!("# Lesson {lesson}\n\nSoil **moisture** is measured.\n\n");
        for paragraph in 0..5 {
            writeln!(text, "Paragraph {paragraph} has other words, as lessons have them.\n").unwrap();
        }
        text.push_str("> Moisture again.\n");
        std::fs::write(folder.path().join(format!("{lesson:04}.md")), text).unwrap();
    }
    let core = Core::open(Config::offline(profile.path(), "a test")).await.unwrap();
    let (course, _) = core.import_folder(folder.path(), Some("Soil".to_owned())).await.unwrap();
    (profile, core, course)
}

#[tokio::test]
async fn what_is_found_is_replaced_everywhere_and_taken_back_where_nobody_wrote_since() {
    let (_profile, core, course) = course(12).await;
    let found = core.find(&course, &needle("moisture")).await.unwrap();
    assert_eq!((found.count, found.lessons.len(), found.looked_at, found.not_here), (24, 12, 12, 0));
    let first = &found.lessons[0];
    assert_eq!((&*first.title, first.count, first.editable), ("Lesson 0", 2, true));
    assert_eq!((&*first.places[0].before, &*first.places[0].found), ("Soil ", "moisture"));

    let exact = Needle { match_case: true, ..needle("moisture") };
    let replaced = core.replace(&course, &exact, "humidity", None).await.unwrap();
    assert_eq!((replaced.count, replaced.lessons, replaced.left_alone), (12, 12, 0));
    let text = core.lesson_markdown(&first.lesson).await.unwrap();
    assert!(text.contains("Soil **humidity** is") && text.contains("Moisture again"), "{text}");
    // What is remembered of a lesson is not what it was before.
    assert_eq!(core.find(&course, &needle("moisture")).await.unwrap().count, 12);

    core.replace(&course, &needle("soil humidity"), "Wet soil", Some(std::slice::from_ref(&first.lesson)))
        .await
        .unwrap();
    let back = core.put_back(replaced.id.unwrap()).await.unwrap();
    assert_eq!((back.count, back.changed_since), (11, 1), "the one that was written over stays");
    assert!(core.lesson_markdown(&first.lesson).await.unwrap().contains("Wet soil"));
    assert_eq!(core.put_back(replaced.id.unwrap()).await.unwrap_err().code, Code::NotFound);
    core.close().await;
}

#[tokio::test]
async fn what_cannot_be_looked_for_or_put_in_place_is_refused_and_nothing_is_changed() {
    let (_profile, core, course) = course(1).await;
    let bad = Needle { pattern: true, ..needle("(") };
    let error = core.find(&course, &bad).await.unwrap_err();
    assert!(error.code == Code::Invalid && error.message.contains("regular expression"), "{}", error.message);
    for with in ["x".repeat(1_001), "a\0".to_owned()] {
        assert_eq!(
            core.replace(&course, &needle("soil"), &with, None).await.unwrap_err().code,
            Code::Invalid
        );
    }
    let nothing = core.replace(&course, &needle("absent"), "x", None).await.unwrap();
    assert_eq!((nothing.id, nothing.count), (None, 0));
    core.close().await;
}

#[tokio::test]
async fn a_thousand_lessons_are_looked_through_and_written_each_as_one_commit_among_many() {
    let (_profile, core, course) = course(1_000).await;
    let started = Instant::now();
    let found = core.find(&course, &needle("moisture")).await.unwrap();
    let found_in = started.elapsed();
    let replaced = core.replace(&course, &needle("moisture"), "humidity", None).await.unwrap();
    let replaced_in = started.elapsed() - found_in;
    assert_eq!((found.count, replaced.count, replaced.lessons), (2_000, 2_000, 1_000));
    assert_eq!(core.find(&course, &needle("moisture")).await.unwrap().count, 0);
    // For whoever looks; nothing is timed here.
    println!("found in {found_in:?}, replaced in {replaced_in:?}");
    core.close().await;
}
