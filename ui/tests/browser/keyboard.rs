//! The keyboard alone.

use crate::support::with_page;
use anyhow::ensure;
use serde_json::json;
use thirtyfour::prelude::*;

#[tokio::test]
async fn the_outline_is_walked_and_changed_by_keys() -> anyhow::Result<()> {
    with_page(async |page| {
        let focus = "return document.activeElement?.dataset?.node";
        page.chord(&[Key::Control, Key::Shift], "o").await?;
        page.wait("the focus in the outline", focus, &[]).await?;
        page.keys(Key::Down).await?;
        ensure!(page.js(focus, &[]).await? == json!("texture"));
        page.keys(" ").await?;
        page.sees("[data-testid=lesson][data-lesson=texture]").await?;
        page.chord(&[Key::Alt], Key::Up).await?;
        page.commanded("move_nodes", json!({ "nodes": ["texture"], "before": "layers" })).await?;
        // The row that moved has the focus again.
        page.wait("the focus on the row", "return document.activeElement?.id === 'node-texture'", &[])
            .await?;
        page.keys(Key::F2).await?;
        page.sees("[data-testid=rename-input]").await?;
        page.keys("Grain").await?;
        page.keys(Key::Enter).await?;
        page.reads("#node-texture", "Grain").await?;
        page.wait("the focus back on the row", "return document.activeElement?.id === 'node-texture'", &[])
            .await?;
        page.keys(Key::Delete).await?;
        page.sees_no(".tree #node-texture").await?;
        page.click("[data-testid=toast-undo]").await?;
        page.sees(".tree #node-texture").await
    })
    .await
}

#[tokio::test]
async fn shortcuts_work_from_the_text_and_dialogs_keep_theirs() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click(".prose > p").await?;
        page.chord(&[Key::Control], "/").await?;
        page.reads("[data-testid=shortcuts-dialog]", "Cache panel").await?;
        // A dialog is a place of its own.
        page.chord(&[Key::Control, Key::Shift], "d").await?;
        page.keys(Key::Escape).await?;
        page.sees_no("dialog").await?;
        page.sees_no("[data-testid=cache-panel]").await?;
        page.chord(&[Key::Control, Key::Shift], "y").await?;
        page.sees("[data-testid=sync-centre]").await?;
        page.chord(&[Key::Control, Key::Shift], "y").await?;
        page.sees_no("[data-testid=sync-centre]").await?;
        page.chord(&[Key::Control], "n").await?;
        page.sees("[data-testid=rename-input]").await?;
        page.keys("A new lesson").await?;
        page.keys(Key::Enter).await?;
        page.reads("[data-testid=lesson-title]", "A new lesson").await
    })
    .await
}
