//! A role that changes takes effect in the open editor at once, in both directions.

use crate::support::app::with_app;
use anyhow::{Context, ensure};
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::server::Server;

const BANNER: &str = "return document.querySelector('[data-testid=banner]')?.textContent";

#[tokio::test]
async fn a_role_that_is_lowered_makes_the_editor_read_only_at_once_and_says_why() -> anyhow::Result<()> {
    let server = Server::start()?;
    let (ada, ben) = (Profile::new()?, Profile::new()?);
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &folder.path().to_string_lossy(), "--title", "With roles"])?;
    ada.login(&server, "ada@example.org")?;
    ada.run(&["share", &course])?;
    ada.sync()?;
    ben.login(&server, "ben@example.org")?;
    server.member(&course, "ben@example.org", "editor")?;
    ben.run(&["join", &course])?;
    ben.sync()?;
    let lesson = of_kind(&ben.outline(&course)?, "lesson").first().context("no lesson")?.id.clone();

    with_app(ben.path(), async |app| {
        app.open_course("With roles").await?;
        ensure!(app.open_lesson(&lesson).await? == "edit");
        app.write(" Written as an editor.").await?;
        app.pill(&["synced"]).await?;

        server.member(&course, "ben@example.org", "viewer")?;
        let editable = "document.querySelector('.prose').isContentEditable";
        app.wait("an editor that only reads", &format!("return !{editable}"), &[]).await?;
        let why = app.wait("the reason", BANNER, &[]).await?;
        let why = why.as_str().unwrap_or_default();
        ensure!(why.contains("your role is viewer") && why.contains("Ask "), "{why}");
        // What is typed now changes nothing, not even on the screen.
        let before = app.text().await?;
        app.keys(" Not allowed.").await?;
        ensure!(app.text().await? == before, "a viewer wrote");

        server.member(&course, "ben@example.org", "editor")?;
        app.wait("an editor that writes", &format!("return {editable}"), &[]).await?;
        app.wait("no reason any more", "return !document.querySelector('[data-testid=banner]')", &[]).await?;
        app.write(" Written again.").await?;
        app.pill(&["synced"]).await
    })
    .await?;
    ada.sync()?;
    let text = ada.lesson(&lesson)?;
    ensure!(text.contains("Written as an editor.") && text.contains("Written again."), "Ada has: {text}");
    ensure!(!text.contains("Not allowed."), "Ada has: {text}");
    Ok(())
}
