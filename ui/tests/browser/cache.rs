//! The cache panel.

use crate::support::with_page;
use anyhow::ensure;
use serde_json::json;
use thirtyfour::prelude::*;

#[tokio::test]
async fn the_panel_shows_each_key_filters_and_asks_only_while_it_is_open() -> anyhow::Result<()> {
    with_page(async |page| {
        ensure!(page.calls("cache_report").await? == 0);
        page.chord(&[Key::Control, Key::Shift], "d").await?;
        page.sees("[data-testid=cache-panel] [data-testid=cache-entry]").await?;
        page.reads("[data-testid=cache-panel]", "course / soil / outline").await?;
        page.reads("[data-testid=cache-totals]", "fetches").await?;
        page.mock(json!({ "do": "rename", "node": "layers", "title": "Layers" })).await?;
        page.js("window.inkhornShortTime = true", &[]).await?;
        page.reads("[data-testid=cache-panel]", "document changed").await?;

        // The focus is in the filter.
        page.keys("soil outline").await?;
        page.wait(
            "one line",
            "return document.querySelectorAll('[data-testid=cache-entry]').length === 1",
            &[],
        )
        .await?;
        // Keys typed there are letters, not shortcuts of the outline; Escape closes.
        page.keys(Key::Escape).await?;
        page.sees_no("[data-testid=cache-panel]").await?;
        page.settled().await?;
        let before = page.calls("cache_report").await?;
        page.settled().await?;
        ensure!(page.calls("cache_report").await? == before, "the panel is closed, and still asks");

        page.menu("cache-item").await?;
        page.sees("[data-testid=cache-panel]").await?;
        page.click("[data-testid=cache-close]").await?;
        page.sees_no("[data-testid=cache-panel]").await
    })
    .await
}

#[tokio::test]
async fn a_core_that_gives_no_report_is_said_in_the_panel() -> anyhow::Result<()> {
    with_page(async |page| {
        let failure = json!({ "code": "other", "message": "Not allowed here." });
        page.mock(json!({ "do": "fail", "command": "cache_report", "failure": failure })).await?;
        page.menu("cache-item").await?;
        page.reads("[data-testid=cache-failed]", "Not allowed here.").await
    })
    .await
}
