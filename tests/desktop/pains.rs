//! What people lose work to elsewhere, each ruled out.

use crate::support::app::with_app;
use crate::support::author::{Author, lesson_of_ada};
use anyhow::{Context, ensure};
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::server::Server;
use std::time::Duration;
use thirtyfour::prelude::*;

/// Holds back the answer to `lesson_open` until `window.letIn()`.
const HOLD: &str = "
    const send = window.fetch;
    const gate = new Promise(open => { window.letIn = open; });
    window.asked = false;
    window.fetch = async (url, options) => {
        if (String(url).endsWith('/lesson_open')) {
            window.asked = true;
            await gate;
        }
        return send(url, options);
    }";

#[tokio::test]
async fn a_lesson_is_never_editable_before_it_is_loaded() -> anyhow::Result<()> {
    let profile = Profile::new()?;
    let folder = corpus::written()?;
    let course = profile.last_line(&["import", &folder.path().to_string_lossy(), "--title", "Slow"])?;
    let outline = profile.outline(&course)?;
    let lessons = of_kind(&outline, "lesson");
    let (first, second) =
        (&lessons.first().context("a lesson")?.id, &lessons.get(1).context("two lessons")?.id);
    let before = profile.lesson(second)?;
    with_app(profile.path(), async |app| {
        app.open_course("Slow").await?;
        app.open_lesson(first).await?;
        app.js(HOLD, &[]).await?;
        let row = format!("document.getElementById('node-{second}').click()");
        app.js(&row, &[]).await?;
        app.wait("the lesson to be asked for", "return window.asked", &[]).await?;
        let editable = "return document.querySelectorAll('.prose[contenteditable=true]').length";
        app.keys("typed into nothing").await?;
        ensure!(app.js(editable, &[]).await? == 0, "a page can be typed into before its lesson is here");
        app.js("window.letIn()", &[]).await?;
        ensure!(app.open_lesson(second).await? == "edit");
        ensure!(!app.text().await?.contains("typed into nothing"));
        app.saved().await
    })
    .await?;
    ensure!(profile.lesson(second)? == before, "the lesson is another one now");
    Ok(())
}

#[tokio::test]
async fn closing_the_window_in_mid_word_loses_nothing() -> anyhow::Result<()> {
    let profile = Profile::new()?;
    let lesson = with_app(profile.path(), async |app| {
        let lesson = app.lesson().await?;
        // Nothing is waited for between the last letter and the end.
        app.write(" Unfinis").await?;
        Ok(lesson)
    })
    .await?;
    ensure!(profile.lesson(&lesson)?.contains("Unfinis"), "{}", profile.lesson(&lesson)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paragraph_written_offline_survives_a_peer_who_deletes_all() -> anyhow::Result<()> {
    let mut server = Server::start()?;
    let (ada, course, lesson) = lesson_of_ada(&server)?;
    let mut ben = Author::join(&server, &course, &lesson, 1).await?;
    ben.core.sync(Duration::from_secs(60)).await?;
    with_app(ada.path(), async |app| {
        app.open_course("Shared course").await?;
        ensure!(app.open_lesson(lesson.as_str()).await? == "edit");
        app.pill(&["synced"]).await?;
        server.kill()?;
        app.pill(&["offline", "waiting"]).await?;
        app.write(" before").await?;
        app.keys(Key::Enter).await?;
        app.keys("Words of Ada").await?;
        app.saved().await?;
        let update = ben.typist.deletes_all();
        ben.push(update).await?;
        server.restart()?;
        ben.core.sync(Duration::from_secs(60)).await?;
        app.pill(&["synced"]).await?;
        let text = app.text().await?;
        ensure!(text.contains("Words of Ada"), "the window shows {text}");
        Ok(())
    })
    .await?;
    ben.core.sync(Duration::from_secs(60)).await?;
    let text = ben.core.lesson_markdown(&lesson).await?;
    ensure!(text.contains("Words of Ada"), "Ben has {text}");
    ben.core.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_does_not_know_a_block_shows_it_keeps_it_and_does_not_write() -> anyhow::Result<()> {
    let server = Server::start()?;
    let (ada, course, lesson) = lesson_of_ada(&server)?;
    let mut ben = Author::join(&server, &course, &lesson, 1).await?;
    let update = ben.typist.adds("hologram");
    ben.push(update).await?;
    ben.core.sync(Duration::from_secs(60)).await?;
    ada.sync()?;
    with_app(ada.path(), async |app| {
        app.open_course("Shared course").await?;
        ensure!(app.open_lesson(lesson.as_str()).await? == "newer");
        app.wait("the block's place", "return !!document.querySelector('.unknown-block')", &[]).await?;
        let editable = "return document.querySelectorAll('.prose[contenteditable=true]').length";
        ensure!(app.js(editable, &[]).await? == 0);
        app.pill(&["synced"]).await
    })
    .await?;
    ben.core.sync(Duration::from_secs(60)).await?;
    let body = ben.core.lesson_body(&lesson).await?;
    ensure!(body.content.iter().any(|block| block.kind == "hologram"), "the block is gone");
    ben.core.close().await;
    Ok(())
}
