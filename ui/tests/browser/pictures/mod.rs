//! Pictures of every view, light and dark, wide and narrow: for people to look at, in `target/tmp/pictures`.

mod blocks;
mod dialogs;

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::json;
use std::path::{Path, PathBuf};
use thirtyfour::Key;

/// Where the pictures of one look go.
struct Album<'a> {
    page: &'a Page,
    folder: PathBuf,
    theme: &'static str,
    size: &'static str,
}

impl Album<'_> {
    /// Takes a picture of what is there once it has come to rest.
    async fn take(&self, name: &str) -> anyhow::Result<()> {
        self.page.settled().await?;
        let file = self.folder.join(format!("{name}-{}-{}.png", self.theme, self.size));
        self.page.driver.screenshot(&file).await?;
        // An empty page compresses to almost nothing.
        ensure!(std::fs::metadata(&file)?.len() > 10_000, "{} shows nothing", file.display());
        Ok(())
    }

    /// Whether the outline is beside the lesson, and not in a drawer.
    fn is_wide(&self) -> bool {
        self.size == "wide"
    }

    async fn open_sync_centre(&self) -> anyhow::Result<()> {
        self.page
            .click(if self.is_wide() { "[data-testid=sync-pill]" } else { "[data-testid=sync-pill-top]" })
            .await
    }
}

/// Runs in a fresh page of each look.
async fn in_every_look(body: impl AsyncFn(&Page, &Album<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder)?;
    with_page(async |page| {
        for theme in ["light", "dark"] {
            for (width, size) in [(1280, "wide"), (600, "narrow")] {
                page.driver.set_window_rect(0, 0, width, 860).await?;
                let prefs = "localStorage.setItem('inkhorn.prefs', JSON.stringify({ theme: arguments[0] }))";
                page.js(prefs, &[json!(theme)]).await?;
                page.load().await?;
                body(page, &Album { page, folder: folder.clone(), theme, size }).await?;
            }
        }
        Ok(())
    })
    .await
}

/// Somebody to be seen in a lesson.
fn people(lesson: &str) -> serde_json::Value {
    json!([
        { "client": 4001, "name": "Ada Berg", "hue": 3, "lesson": lesson },
        { "client": 4002, "name": "Ben Okafor", "hue": 5, "lesson": lesson },
    ])
}

#[tokio::test]
async fn every_main_view_is_drawn_in_both_themes_and_at_both_widths() -> anyhow::Result<()> {
    let edit = json!({ "id": 7, "course": "soil", "doc": "lesson:moisture", "why": "your role is viewer", "at_ms": 1_760_000_000_000_u64 });
    let differed = [("lesson:moisture", true), ("course:soil", false)]
        .map(|(doc, repaired)| json!({ "doc": doc, "repaired": repaired, "at_ms": 1_760_000_000_000_u64 }));
    let count = json!({ "waiting_edits": 3, "waiting_uploads": 1, "waiting_downloads": 0, "rejected": 1 });
    let sync = json!({ "status": { "state": "offline", "next_try_ms": null, "why": "the server does not answer" }, "count": count, "synced_at_ms": null, "rejected": [edit], "differed": differed });
    let operation = json!({ "op": "op1", "course": "soil", "kind": "set_title", "state": "rejected", "tries": 2, "created_ms": 1_760_000_000_000_u64, "next_try_ms": null, "why": "your role is viewer" });
    in_every_look(async |page, album| {
        album.take("lesson").await?;
        page.mock(json!({ "do": "peers", "course": "soil", "peers": people("layers") })).await?;
        page.mock(json!({ "do": "write", "lesson": "layers", "text": "What Ada wrote." })).await?;
        let end = json!({ "tname": "body", "assoc": 0 });
        let begin = json!({ "tname": "body", "assoc": -1 });
        let carets = json!([
            { "client": 4001, "name": "Ada Berg", "hue": 3, "cursor": { "anchor": end, "head": end } },
            { "client": 4002, "name": "Ben Okafor", "hue": 5, "cursor": { "anchor": end, "head": begin } },
        ]);
        page.mock(json!({ "do": "carets", "lesson": "layers", "carets": carets })).await?;
        page.click("[data-testid=avatars] .avatar-button").await?;
        page.sees("[data-testid=following]").await?;
        album.take("together").await?;
        page.click("[data-testid=stop-following]").await?;
        page.mock(json!({ "do": "sync", "sync": sync })).await?;
        page.mock(json!({ "do": "operations", "operations": [operation] })).await?;
        let words = json!({ "id": 7, "course": "soil", "course_title": "Soil and water", "lesson": "moisture", "title": "Soil moisture", "at_ms": 1_760_000_000_000_u64, "preview": "How much water a handful of soil holds depends on how fine it is, and on what lives in it.", "markdown": "" });
        page.mock(json!({ "do": "kept_words", "words": [words] })).await?;
        page.sees("[data-testid=toast-show]").await?;
        album.open_sync_centre().await?;
        page.sees("[data-testid=rejected-edit]").await?;
        album.take("kept").await?;
        page.click("[data-testid=let-go]").await?;
        album.take("let-go").await?;
        page.click("[data-testid=dialog-close]").await?;
        page.click("[data-testid=sync-centre] .panel-head .icon-button").await?;
        page.menu("find-item").await?;
        page.click("[data-testid=find-panel] input[type=search]").await?;
        page.keys("o").await?;
        page.sees("[data-testid=course-find-lesson]").await?;
        album.take("find").await?;
        page.keys(Key::Escape).await?;
        page.sees_no("[data-testid=find-panel]").await?;
        page.menu("cache-item").await?;
        page.sees("[data-testid=cache-entry]").await?;
        album.take("cache").await
    })
    .await
}
