//! A second person's edit appears in the open editor, and disturbs nobody.

use crate::support::app::with_app;
use anyhow::{Context, ensure};
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::server::Server;
use thirtyfour::Key;

/// What stands before the caret in its paragraph, and how far the page is scrolled.
const CARET: &str = "const at = getSelection(); const block = at.anchorNode?.parentElement?.closest('p');
    if (!block) return null;
    const range = document.createRange();
    range.setStart(block, 0);
    range.setEnd(at.anchorNode, at.anchorOffset);
    return JSON.stringify([range.toString(), document.querySelector('.scroll').scrollTop])";

#[tokio::test]
async fn an_edit_of_somebody_else_appears_without_touching_the_caret_or_the_undo_stack() -> anyhow::Result<()>
{
    let server = Server::start()?;
    let (ada, ben) = (Profile::new()?, Profile::new()?);
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &folder.path().to_string_lossy(), "--title", "Shared course"])?;
    ada.login(&server, "ada@example.org")?;
    ada.run(&["share", &course])?;
    ada.sync()?;
    server.member(&course, "ben@example.org", "editor").or_else(|_| {
        server.token("ben@example.org")?;
        server.member(&course, "ben@example.org", "editor")
    })?;
    ben.login(&server, "ben@example.org")?;
    ben.run(&["join", &course])?;
    ben.sync()?;
    let lesson = of_kind(&ada.outline(&course)?, "lesson").first().context("no lesson")?.id.clone();

    with_app(ada.path(), async |app| {
        app.open_course("Shared course").await?;
        ensure!(app.open_lesson(&lesson).await? == "edit");
        app.write(" Words of Ada").await?;
        app.pill(&["synced"]).await?;
        let caret = app.js(CARET, &[]).await?;
        ensure!(caret.as_str().is_some_and(|text| text.contains("Words of Ada")), "no caret: {caret}");

        ben.sync()?;
        ben.append(&lesson, "Words of Ben.\n")?;
        ben.sync()?;
        app.shows("Words of Ben.").await?;
        ensure!(app.js(CARET, &[]).await? == caret, "the caret moved");

        // Undo takes back Ada's words only, however often it is pressed.
        for _ in 0..30 {
            app.chord(&[Key::Control], "z").await?;
        }
        let text = app.text().await?;
        ensure!(!text.contains("Words of Ada") && text.contains("Words of Ben."), "after undo: {text}");
        app.pill(&["synced"]).await
    })
    .await?;
    ben.sync()?;
    let text = ben.lesson(&lesson)?;
    ensure!(!text.contains("Words of Ada") && text.contains("Words of Ben."), "Ben has: {text}");
    Ok(())
}
