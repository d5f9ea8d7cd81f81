//! The outline by keyboard alone.

use crate::support::app::{App, with_app};
use anyhow::{Context, ensure};
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Listed, Profile, of_kind};
use serde_json::json;
use thirtyfour::Key;

/// Puts the focus on a row, as arrow keys would; the way there is the outline's own test.
async fn focus(app: &App, id: &str) -> anyhow::Result<()> {
    let script = "const row = document.getElementById('node-' + arguments[0]); row?.focus(); return document.activeElement === row && !!row";
    app.wait("a row with the focus", script, &[json!(id)]).await.map(drop)
}

async fn titles(app: &App) -> anyhow::Result<Vec<String>> {
    let all = app.js("return [...document.querySelectorAll('[data-testid=node]')].map(row => row.getAttribute('aria-label'))", &[]).await?;
    Ok(serde_json::from_value(all)?)
}

async fn shown(app: &App, title: &str) -> anyhow::Result<String> {
    let script = "return [...document.querySelectorAll('[data-testid=node]')].find(row => row.getAttribute('aria-label') === arguments[0])?.dataset.node";
    let id = app.wait(&format!("“{title}” in the outline"), script, &[json!(title)]).await?;
    Ok(id.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_lesson_is_added_named_moved_trashed_and_restored_without_a_mouse() -> anyhow::Result<()> {
    let profile = Profile::new()?;
    let folder = corpus::written()?;
    let course =
        profile.last_line(&["import", &folder.path().to_string_lossy(), "--title", "By keyboard"])?;
    let before: Vec<Listed> = of_kind(&profile.outline(&course)?, "lesson");
    let second = before.get(1).context("no second lesson")?;

    let added = with_app(profile.path(), async |app| {
        app.open_course("By keyboard").await?;
        let ready = shown(app, &second.title).await?;
        focus(app, &ready).await?;

        // Add: the field for its title has the focus.
        app.chord(&[Key::Control], "n").await?;
        app.wait("the title field", "return document.activeElement?.dataset.testid === 'rename-input'", &[]).await?;
        app.keys("Added by keyboard").await?;
        app.keys(Key::Enter).await?;
        let added = shown(app, "Added by keyboard").await?;

        // Rename.
        focus(app, &added).await?;
        app.keys(Key::F2).await?;
        app.wait("the title field", "return document.activeElement?.dataset.testid === 'rename-input'", &[]).await?;
        app.chord(&[Key::Control], "a").await?;
        app.keys("Named by keyboard").await?;
        app.keys(Key::Enter).await?;
        shown(app, "Named by keyboard").await?;

        // Move up by one.
        let order = titles(app).await?;
        let at = order.iter().position(|title| title == "Named by keyboard").context("not in the outline")?;
        focus(app, &added).await?;
        app.chord(&[Key::Alt], Key::Up).await?;
        app.wait(
            "the lesson one place higher",
            "return [...document.querySelectorAll('[data-testid=node]')].findIndex(row => row.dataset.node === arguments[0]) === arguments[1]",
            &[json!(added), json!(at - 1)],
        )
        .await?;

        // Trash.
        focus(app, &added).await?;
        app.keys(Key::Delete).await?;
        app.wait("the row to be gone", "return !document.getElementById('node-' + arguments[0])", &[json!(added)]).await?;

        // Restore, from the list of Trash.
        let in_trash = "return !!document.querySelector('[data-testid=restore]')";
        if app.js(in_trash, &[]).await? != json!(true) {
            app.js("document.querySelector('[data-testid=trash-toggle]')?.focus()", &[]).await?;
            app.keys(Key::Enter).await?;
        }
        app.wait("the list of Trash", in_trash, &[]).await?;
        app.js("document.querySelector('[data-testid=restore]').focus()", &[]).await?;
        app.keys(Key::Enter).await?;
        shown(app, "Named by keyboard").await?;
        app.saved().await?;
        Ok(added)
    })
    .await?;

    let after = of_kind(&profile.outline(&course)?, "lesson");
    ensure!(after.len() == before.len() + 1, "{after:?}");
    ensure!(after.iter().any(|node| node.id == added && node.title == "Named by keyboard"), "{after:?}");
    Ok(())
}
