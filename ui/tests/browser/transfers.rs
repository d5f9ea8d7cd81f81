//! Images and files that are on their way, in the sync centre.

use crate::support::with_page;
use anyhow::ensure;
use serde_json::{Value, json};

fn hash(letter: char) -> String {
    letter.to_string().repeat(64)
}

/// A file of the open course: its letter, name, lesson, state, and the bytes that are there.
fn file(letter: char, name: &str, lesson: Option<&str>, state: &str, done: u64) -> Value {
    json!({ "hash": hash(letter), "mime": "image/png", "bytes": 25_000_000, "name": name, "up": letter < 'd',
        "state": state, "done": done, "lesson": lesson })
}

#[tokio::test]
async fn files_on_their_way_say_where_how_far_and_why_they_wait() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click("[data-testid=sync-pill]").await?;
        page.sees("[data-testid=sync-centre]").await?;
        page.sees_no("[data-testid=transfers]").await?;
        let mut refused = file('b', "map.png", Some("field"), "waits", 0);
        refused["why"] = json!("this file is larger than the server takes");
        let files = [
            file('a', "river.mp4", Some("moisture"), "moves", 3_200_000),
            refused,
            file('d', "", None, "offline", 0),
        ];
        let transfers = json!({ "do": "transfers", "course": "soil", "transfers": files });
        page.mock(transfers).await?;
        let row = |letter: char| format!("[data-testid=transfer][data-hash='{}']", hash(letter));
        let moving = row('a');
        page.reads(&moving, "river.mp4").await?;
        page.reads(&moving, "To the server · Soil moisture").await?;
        page.reads(&moving, "3.2 of 25 MB").await?;
        let bar = "const bar = document.querySelector(arguments[0]); return [bar.position, bar.ariaLabel]";
        let bar = page.js(bar, &[json!(format!("{moving} progress"))]).await?;
        ensure!(bar == json!([0.128, "river.mp4: 3.2 of 25 MB"]), "{bar}");
        page.reads(&row('b'), "This file is larger than the server takes.").await?;
        page.reads(&row('b'), "To the server · 25 MB · Measuring in the field").await?;
        page.reads(&row('d'), "Image").await?;
        page.reads(&row('d'), "Offline: it is fetched as soon as there is a connection.").await?;
        page.reads(&row('d'), "From the server · 25 MB").await?;
        page.sees_no(&format!("{} progress", row('b'))).await?;

        page.click("[data-testid=retry-transfers]").await?;
        page.commanded("retry_waiting", json!({})).await?;

        // Further on its way; then nothing stands still, and there is nothing to retry.
        let files = [file('a', "river.mp4", Some("moisture"), "moves", 24_000_000)];
        page.mock(json!({ "do": "transfers", "course": "soil", "transfers": files })).await?;
        page.reads(&moving, "24 of 25 MB").await?;
        page.sees_no("[data-testid=retry-transfers]").await?;
        page.mock(json!({ "do": "transfers", "course": "soil", "transfers": [] })).await?;
        page.sees_no("[data-testid=transfers]").await
    })
    .await
}
