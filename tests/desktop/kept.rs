//! Words that somebody deleted unseen: the window says so, shows them, and puts them back.

use crate::support::app::{App, with_app};
use crate::support::author::{Author, lesson_of_ada};
use anyhow::ensure;
use inkhorn_testkit::server::Server;
use serde_json::json;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

async fn reads(app: &App, place: &str, text: &str) -> anyhow::Result<()> {
    let script = "return [...document.querySelectorAll(arguments[0])].some(one => one.textContent.includes(arguments[1]))";
    app.wait(text, script, &[json!(place), json!(text)]).await.map(drop)
}

async fn click(app: &App, place: &str) -> anyhow::Result<()> {
    let script =
        "const one = document.querySelector(arguments[0]); if (!one) return false; one.click(); return true";
    app.wait(place, script, &[json!(place)]).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn words_typed_offline_in_a_paragraph_that_a_peer_deletes_are_said_shown_and_put_back()
-> anyhow::Result<()> {
    let mut server = Server::start()?;
    let (ada, course, lesson) = lesson_of_ada(&server)?;
    let mut ben = Author::join(&server, &course, &lesson, 1).await?;
    ben.core.sync(LIMIT).await?;
    with_app(ada.path(), async |app| {
        app.open_course("Shared course").await?;
        ensure!(app.open_lesson(lesson.as_str()).await? == "edit");
        app.pill(&["synced"]).await?;
        server.kill()?;
        app.pill(&["offline", "waiting"]).await?;
        app.write(" and what only Ada knows").await?;
        app.saved().await?;
        let update = ben.typist.deletes_all();
        ben.push(update).await?;
        server.restart()?;
        ben.core.sync(LIMIT).await?;
        app.pill(&["synced"]).await?;

        reads(app, "[data-testid=toast]", "Your words are kept.").await?;
        ensure!(!app.text().await?.contains("what only Ada knows"), "the paragraph is deleted");
        click(app, "[data-testid=toast-show]").await?;
        reads(app, "[data-testid=kept-preview]", "and what only Ada knows").await?;
        click(app, "[data-testid=put-back-words]").await?;
        app.shows("and what only Ada knows").await?;
        let gone = "return !document.querySelector('[data-testid=kept-words]')";
        app.wait("the list is empty", gone, &[]).await?;
        app.pill(&["synced"]).await
    })
    .await?;
    ben.core.sync(LIMIT).await?;
    let text = ben.core.lesson_markdown(&lesson).await?;
    ensure!(text.contains("and what only Ada knows"), "Ben has {text}");
    ben.core.close().await;
    Ok(())
}
