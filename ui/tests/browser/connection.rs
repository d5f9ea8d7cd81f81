//! What the window says of the connection, and what it offers.

use crate::support::{Page, with_page};
use serde_json::{Value, json};

async fn sync(page: &Page, status: Value, edits: u64) -> anyhow::Result<()> {
    let count =
        json!({ "waiting_edits": edits, "waiting_uploads": 0, "waiting_downloads": 0, "rejected": 0 });
    let sync = json!({ "status": status, "count": count, "synced_at_ms": null, "rejected": [] });
    page.mock(json!({ "do": "sync", "sync": sync })).await.map(drop)
}

#[tokio::test]
async fn each_state_of_the_connection_has_its_words() -> anyhow::Result<()> {
    with_page(async |page| {
        let pill = "[data-testid=sync-pill]";
        let now = page.js("return Date.now()", &[]).await?.as_u64().unwrap_or(0);
        let offline =
            json!({ "state": "offline", "next_try_ms": now + 90_000, "why": "the server does not answer" });
        sync(page, offline.clone(), 0).await?;
        page.reads(pill, "Offline, next try in").await?;
        sync(page, offline, 12).await?;
        page.reads(pill, "12 changes waiting").await?;
        page.click(pill).await?;
        page.reads("[data-testid=sync-sentence]", "Saved on this computer. 12 changes wait for the network")
            .await?;
        page.reads("[data-testid=sync-sentence]", "The server does not answer.").await?;
        page.click("[data-testid=retry]").await?;
        page.commanded("retry_now", json!({})).await?;
        sync(page, json!({ "state": "connecting", "attempt": 2 }), 12).await?;
        page.reads(pill, "Trying now").await?;
        page.sees_no("[data-testid=retry]").await?;
        sync(page, json!({ "state": "connected", "since_ms": now }), 12).await?;
        page.reads(pill, "Syncing").await?;
        sync(page, json!({ "state": "connected", "since_ms": now, "carrier": "sse" }), 0).await?;
        page.reads("[data-testid=sync-sentence]", "slower way").await?;
        sync(page, json!({ "state": "local" }), 0).await?;
        page.reads(pill, "Saved on this computer").await
    })
    .await
}

#[tokio::test]
async fn the_countdown_runs_by_itself_and_ends() -> anyhow::Result<()> {
    with_page(async |page| {
        page.js("window.inkhornShortTime = true", &[]).await?;
        let now = page.js("return Date.now()", &[]).await?.as_u64().unwrap_or(0);
        sync(page, json!({ "state": "offline", "next_try_ms": now + 1_500, "why": null }), 0).await?;
        page.reads("[data-testid=sync-pill]", "next try in").await?;
        page.reads("[data-testid=sync-pill]", "next try now").await?;
        page.js("window.inkhornShortTime = false", &[]).await.map(drop)
    })
    .await
}

#[tokio::test]
async fn writing_goes_on_without_a_connection() -> anyhow::Result<()> {
    with_page(async |page| {
        let gone = json!({ "code": "other", "message": "no connection" });
        sync(page, json!({ "state": "offline", "next_try_ms": null, "why": null }), 0).await?;
        page.mock(json!({ "do": "fail", "command": "share", "failure": gone })).await?;
        page.click(".prose > p").await?;
        page.keys("Offline too. ").await?;
        let script = "return JSON.parse(window.inkhornMock(JSON.stringify({ do: 'text', lesson: 'layers' }))).includes('Offline too.')";
        page.wait("the text with the core", script, &[]).await?;
        page.sees("[data-testid=add]").await
    })
    .await
}

/// Whether the pill ends inside the bar's own padding, and whether no word of its state is cut.
const WHOLE: &str = "const pill = document.querySelector('[data-testid=sync-pill-top]');
    const bar = pill.closest('.topbar');
    const inner = bar.getBoundingClientRect().right - parseFloat(getComputedStyle(bar).paddingRight);
    const state = pill.querySelector('span');
    return [pill.getBoundingClientRect().right <= inner + 0.5, state.scrollWidth <= state.clientWidth]";

#[tokio::test]
async fn the_pill_is_whole_in_a_narrow_window_whatever_it_says() -> anyhow::Result<()> {
    with_page(async |page| {
        let now = page.js("return Date.now()", &[]).await?.as_u64().unwrap_or(0);
        let why = "the server does not answer";
        let offline = json!({ "state": "offline", "next_try_ms": now + 590_000, "why": why });
        let states = [
            (offline.clone(), 0, "Offline, next try in"),
            (offline, 12_345, "waiting"),
            (json!({ "state": "connecting", "attempt": 2 }), 12, "Trying now"),
            (json!({ "state": "local" }), 0, "Saved on this computer"),
        ];
        for width in [480, 600, 700, 899] {
            let size = json!({ "width": width, "height": 420, "deviceScaleFactor": 1, "mobile": false });
            page.devtools("Emulation.setDeviceMetricsOverride", size).await?;
            for (status, edits, says) in &states {
                sync(page, status.clone(), *edits).await?;
                page.reads("[data-testid=sync-pill-top]", says).await?;
                let whole = page.js(WHOLE, &[]).await?;
                anyhow::ensure!(whole == json!([true, true]), "{says}, {width} pixels: {whole}");
            }
        }
        Ok(())
    })
    .await
}
