//! Undo across text and structure, in the order in which the author made them (Xerte #521: undo that misses structure).

use crate::support::app::{App, with_app};
use crate::support::author::shared_by_two;
use anyhow::{Context, ensure};
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Listed, Profile, of_kind};
use inkhorn_testkit::server::Server;
use serde_json::json;
use thirtyfour::Key;

async fn focus_row(app: &App, id: &str) -> anyhow::Result<()> {
    let script = "const row = document.getElementById('node-' + arguments[0]); row?.focus(); return document.activeElement === row && !!row";
    app.wait("a row with the focus", script, &[json!(id)]).await.map(drop)
}

async fn gone(app: &App, what: &str, script: &str, argument: &str) -> anyhow::Result<()> {
    app.wait(what, script, &[json!(argument)]).await.map(drop)
}

const WITHOUT: &str = "const text = document.querySelector('.prose')?.textContent; return text !== undefined && !text.includes(arguments[0])";
const NO_ROW: &str = "return !document.getElementById('node-' + arguments[0])";
const ROW: &str = "return !!document.getElementById('node-' + arguments[0])";
const OPEN: &str = "return document.querySelector('[data-testid=lesson]')?.dataset.lesson === arguments[0]";

#[tokio::test]
async fn undo_takes_back_structure_and_text_in_the_order_in_which_they_were_made() -> anyhow::Result<()> {
    let profile = Profile::new()?;
    let folder = corpus::written()?;
    let course = profile.last_line(&["import", &folder.path().to_string_lossy(), "--title", "In order"])?;
    let lessons: Vec<Listed> = of_kind(&profile.outline(&course)?, "lesson");
    let [first, second, ..] = lessons.as_slice() else { anyhow::bail!("too few lessons") };
    with_app(profile.path(), async |app| {
        app.open_course("In order").await?;
        app.open_lesson(&first.id).await?;
        app.write(" Words before").await?;
        focus_row(app, &second.id).await?;
        app.keys(Key::Delete).await?;
        gone(app, "the row in Trash", NO_ROW, &second.id).await?;
        app.write(" Words after").await?;

        app.chord(&[Key::Control], "z").await?;
        gone(app, "the last words gone", WITHOUT, "Words after").await?;
        ensure!(app.js(NO_ROW, &[json!(second.id)]).await? == json!(true), "the row came back too early");
        app.chord(&[Key::Control], "z").await?;
        gone(app, "the row again", ROW, &second.id).await?;
        app.shows("Words before").await?;
        app.chord(&[Key::Control], "z").await?;
        gone(app, "the first words gone", WITHOUT, "Words before").await?;

        app.chord(&[Key::Control, Key::Shift], "z").await?;
        app.shows("Words before").await?;
        app.chord(&[Key::Control, Key::Shift], "z").await?;
        gone(app, "the row in Trash again", NO_ROW, &second.id).await?;
        app.chord(&[Key::Control, Key::Shift], "z").await?;
        app.shows("Words after").await?;
        app.saved().await
    })
    .await?;
    let left = of_kind(&profile.outline(&course)?, "lesson").len();
    ensure!(left + 1 == lessons.len(), "{left} lessons are left of {}", lessons.len());
    Ok(())
}

#[tokio::test]
async fn undo_survives_a_reconnect_and_going_to_another_lesson() -> anyhow::Result<()> {
    let mut server = Server::start()?;
    let (ada, ben, course) = shared_by_two(&server, "Survives")?;
    let lessons = of_kind(&ada.outline(&course)?, "lesson");
    let first = lessons.first().context("no lesson")?.id.clone();
    let second = lessons.get(1).context("no second lesson")?.id.clone();
    with_app(ada.path(), async |app| {
        app.open_course("Survives").await?;
        app.open_lesson(&first).await?;
        app.write(" Words of Ada").await?;
        app.pill(&["synced"]).await?;
        server.kill()?;
        app.pill(&["offline", "waiting"]).await?;
        server.restart()?;
        app.pill(&["synced"]).await?;
        ben.sync()?;
        ben.append(&first, "Words of Ben.\n")?;
        ben.sync()?;
        app.shows("Words of Ben.").await?;
        app.open_lesson(&second).await?;
        focus_row(app, &second).await?;
        app.chord(&[Key::Control], "z").await?;
        gone(app, "the first lesson", OPEN, &first).await?;
        app.shows("Words of Ben.").await?;
        gone(app, "Ada's words gone", WITHOUT, "Words of Ada").await?;
        app.pill(&["synced"]).await
    })
    .await?;
    ben.sync()?;
    let text = ben.lesson(&first)?;
    ensure!(!text.contains("Words of Ada") && text.contains("Words of Ben."), "Ben has: {text}");
    Ok(())
}
