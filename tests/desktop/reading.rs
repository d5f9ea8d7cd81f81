//! Who may only read a course is offered nothing that would change it, and learns why.

use crate::support::app::{App, with_app};
use anyhow::{Context, ensure};
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::server::Server;
use serde_json::json;
use thirtyfour::Key;

/// Everything on the screen that changes the outline or a title.
const WAYS_TO_CHANGE: &str = "return [...document.querySelectorAll(
    '[data-testid=add], [data-testid=node-menu], .tree-handle, [data-testid=restore], [data-testid=first-chapter], textarea, [data-testid=rename-input]')]
    .map(one => one.dataset.testid ?? one.className)";

async fn reason(app: &App) -> anyhow::Result<String> {
    let said = app
        .wait("the reason", "return document.querySelector('[data-testid=banner]')?.textContent", &[])
        .await?;
    Ok(said.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_viewer_is_offered_nothing_that_changes_the_course_and_learns_why() -> anyhow::Result<()> {
    let server = Server::start()?;
    let (owner, reader) = (Profile::new()?, Profile::new()?);
    let folder = corpus::written()?;
    let course = owner.last_line(&["import", &folder.path().to_string_lossy(), "--title", "To read"])?;
    owner.login(&server, "owner@example.org")?;
    owner.run(&["share", &course])?;
    owner.sync()?;
    reader.login(&server, "reader@example.org")?;
    server.member(&course, "reader@example.org", "viewer")?;
    reader.run(&["join", &course])?;
    reader.sync()?;
    let outline = reader.outline(&course)?;
    let lesson = of_kind(&outline, "lesson").first().context("no lesson")?.id.clone();

    with_app(reader.path(), async |app| {
        app.open_course("To read").await?;
        ensure!(app.open_lesson(&lesson).await? == "read");
        app.wait("the word beside the outline", "return !!document.querySelector('[data-testid=read-only]')", &[])
            .await?;
        let why = reason(app).await?;
        ensure!(why.contains("your role is viewer") && why.contains("Ask "), "{why}");
        ensure!(app.js(WAYS_TO_CHANGE, &[]).await? == json!([]), "{}", app.js(WAYS_TO_CHANGE, &[]).await?);

        // The keyboard does nothing either, and says why once.
        let focus = "const row = document.getElementById('node-' + arguments[0]); row?.focus(); return document.activeElement === row";
        app.wait("a row with the focus", focus, &[json!(lesson)]).await?;
        for key in [Key::F2, Key::Enter, Key::Delete] {
            app.keys(key).await?;
        }
        app.chord(&[Key::Alt], Key::Down).await?;
        app.chord(&[Key::Control], "n").await?;
        let toasts = "return [...document.querySelectorAll('[data-testid=toast]')].map(one => one.textContent)";
        app.wait("the reason once", &format!("{toasts}.length === 1"), &[]).await?;
        ensure!(app.js(toasts, &[]).await?.to_string().contains("your role is viewer"));
        ensure!(app.js(WAYS_TO_CHANGE, &[]).await? == json!([]));
        Ok(())
    })
    .await?;
    ensure!(reader.outline(&course)? == outline, "the outline was changed");
    Ok(())
}
