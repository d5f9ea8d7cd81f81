//! Opening and closing a lesson writes nothing, whether it may be edited or only read.

use crate::support::app::{App, with_app};
use anyhow::{Context, ensure};
use inkhorn_protocol::window::LessonHead;
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::server::Server;
use inkhorn_updates::{Summary, validate};
use serde_json::json;
use std::path::Path;

/// State vector and delete set of a lesson, as the core has it.
async fn state(app: &App, lesson: &str) -> anyhow::Result<Summary> {
    let script = "const [lesson, done] = arguments;
        window.__TAURI_INTERNALS__.invoke('lesson_open', new Uint8Array([0]), { headers: { 'inkhorn-lesson': lesson } })
            .then(bytes => done(Array.from(new Uint8Array(bytes))), error => done(String(error.message ?? error)))";
    let answer = app.js_async(script, &[json!(lesson)]).await?;
    let bytes: Vec<u8> = serde_json::from_value(answer.clone()).with_context(|| answer.to_string())?;
    let (_, update) = LessonHead::split(&bytes).context("not a lesson")?;
    Ok(validate(update)?)
}

/// Opens every lesson of a course, walks through it with the caret, closes it, and compares.
async fn all_lessons(profile: &Profile, title: &str, course: &str, mode: &str) -> anyhow::Result<()> {
    let lessons = of_kind(&profile.outline(course)?, "lesson");
    ensure!(!lessons.is_empty(), "{title} has no lessons");
    with_app(profile.path(), async |app| {
        app.open_course(title).await?;
        let mut before = Vec::new();
        for lesson in &lessons {
            before.push(state(app, &lesson.id).await?);
        }
        // The first ones again at the end: by then the window has let them go, or has kept them.
        for lesson in lessons.iter().chain(lessons.iter().take(3)) {
            let shown = app.open_lesson(&lesson.id).await?;
            ensure!(shown == mode, "“{}” is shown as {shown}, not {mode}", lesson.title);
            // The caret through the lesson: a click must not write either.
            app.js(
                "const prose = document.querySelector('.prose'); prose.focus();
                 for (const block of prose.children) { getSelection().collapse(block, 0); document.dispatchEvent(new Event('selectionchange')); }",
                &[],
            )
            .await?;
        }
        app.saved().await?;
        for (lesson, before) in lessons.iter().zip(&before) {
            let after = state(app, &lesson.id).await?;
            ensure!(&after == before, "“{}” was changed by opening it", lesson.title);
        }
        Ok(())
    })
    .await
}

async fn for_editing(folder: &Path, title: &str) -> anyhow::Result<()> {
    let profile = Profile::new()?;
    let course = profile.last_line(&["import", &folder.to_string_lossy(), "--title", title])?;
    all_lessons(&profile, title, &course, "edit").await
}

async fn for_reading(folder: &Path, title: &str) -> anyhow::Result<()> {
    let server = Server::start()?;
    let (owner, reader) = (Profile::new()?, Profile::new()?);
    let course = owner.last_line(&["import", &folder.to_string_lossy(), "--title", title])?;
    owner.login(&server, "owner@example.org")?;
    owner.run(&["share", &course])?;
    owner.sync()?;
    reader.login(&server, "reader@example.org")?;
    server.member(&course, "reader@example.org", "viewer")?;
    reader.run(&["join", &course])?;
    reader.sync()?;
    all_lessons(&reader, title, &course, "read").await
}

#[tokio::test]
async fn opening_and_closing_the_lessons_of_the_written_course_changes_nothing() -> anyhow::Result<()> {
    let folder = corpus::written()?;
    for_editing(folder.path(), "Written course").await?;
    for_reading(folder.path(), "Written course").await
}

#[tokio::test]
async fn opening_and_closing_the_lessons_of_the_sample_course_changes_nothing() -> anyhow::Result<()> {
    let profile = Profile::new()?;
    let title = with_app(profile.path(), async |app| {
        app.lesson().await?;
        let title = app.js("return document.querySelector('.course-switch-title').textContent", &[]).await?;
        Ok(title.as_str().unwrap_or_default().to_owned())
    })
    .await?;
    let courses = profile.json(&["courses"])?;
    let course =
        courses.pointer("/0/id").and_then(serde_json::Value::as_str).context("no course")?.to_owned();
    all_lessons(&profile, &title, &course, "edit").await
}

#[tokio::test]
async fn opening_and_closing_the_lessons_of_iot_for_beginners_changes_nothing() -> anyhow::Result<()> {
    let Some(folder) = corpus::real("iot-for-beginners") else { return Ok(()) };
    for_editing(&folder, "IoT").await?;
    for_reading(&folder, "IoT").await
}

#[tokio::test]
async fn opening_and_closing_the_lessons_of_git_novice_changes_nothing() -> anyhow::Result<()> {
    let Some(folder) = corpus::real("git-novice") else { return Ok(()) };
    for_editing(&folder, "Git").await?;
    for_reading(&folder, "Git").await
}
