//! What waits for the server, document by document, and the room on the disk.

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::{Value, json};

fn doc(name: &str, title: Option<&str>, waits: Value) -> Value {
    json!({ "doc": name, "course": "soil", "course_title": "Soil and water", "title": title, "edits": 3, "bytes": 1_234,
        "since_ms": 1_760_000_000_000_u64, "waits": waits })
}

async fn waits(page: &Page, docs: &[Value]) -> anyhow::Result<()> {
    page.mock(json!({ "do": "waiting", "docs": docs })).await.map(drop)
}

#[tokio::test]
async fn every_document_that_waits_says_why_how_much_and_since_when_and_can_be_kept() -> anyhow::Result<()> {
    with_page(async |page| {
        let offline = json!({ "waits_for": "connection" });
        waits(
            page,
            &[
                doc("lesson:moisture", Some("Soil moisture"), offline.clone()),
                doc("course:soil", None, json!({ "waits_for": "lessons", "count": 2 })),
                doc(
                    "lesson:field",
                    Some("Measuring in the field"),
                    json!({ "waits_for": "trouble", "why": "the server is full" }),
                ),
            ],
        )
        .await?;
        page.click("[data-testid=sync-pill]").await?;
        let one = "[data-doc='lesson:moisture']";
        page.reads(one, "Soil moisture · Soil and water").await?;
        page.reads(one, "Offline: it is sent as soon as there is a connection.").await?;
        page.reads(one, "3 changes · 1.2 KB · for ").await?;
        page.reads("[data-doc='course:soil']", "Outline · Soil and water").await?;
        page.reads("[data-doc='course:soil']", "2 new lessons that it names must arrive first.").await?;
        page.reads("[data-doc='lesson:field']", "The server is full.").await?;

        page.click(&format!("{one} [data-testid=retry-waiting]")).await?;
        page.commanded("retry_waiting", json!({})).await?;
        page.mock(json!({ "do": "choose", "path": "/home/maria/copy" })).await?;
        page.click(&format!("{one} [data-testid=export-waiting]")).await?;
        page.commanded("choose_new_file", json!({ "name": "Soil moisture Soil and water" })).await?;
        page.commanded(
            "export_copy",
            json!({ "course": "soil", "doc": "lesson:moisture", "path": "/home/maria/copy" }),
        )
        .await?;
        page.reads("[data-testid=toast]", "go on waiting").await?;

        // As they go out, they go from the list; the others stay where they are.
        let kept = "return document.querySelector('[data-doc=\"course:soil\"]').inkhornSame = true";
        page.js(kept, &[]).await?;
        waits(page, &[doc("course:soil", None, offline)]).await?;
        page.sees_no(one).await?;
        page.reads("[data-doc='course:soil']", "Offline").await?;
        let same =
            page.js("return document.querySelector('[data-doc=\"course:soil\"]').inkhornSame", &[]).await?;
        ensure!(same == json!(true), "the row was drawn anew");
        waits(page, &[]).await?;
        page.sees_no("[data-testid=waiting]").await?;
        page.reads("[data-testid=sync-sentence]", "Everything is on this computer and on the server").await
    })
    .await
}

#[tokio::test]
async fn a_thousand_documents_that_wait_are_counted_and_not_all_drawn() -> anyhow::Result<()> {
    with_page(async |page| {
        let docs: Vec<Value> = (0..1_000)
            .map(|n| doc(&format!("lesson:n{n}"), Some("Number"), json!({ "waits_for": "turn" })))
            .collect();
        waits(page, &docs).await?;
        page.click("[data-testid=sync-pill]").await?;
        page.reads("[data-testid=sync-centre]", "and 960 more documents").await?;
        let drawn =
            page.js("return document.querySelectorAll('[data-testid=waiting-doc]').length", &[]).await?;
        ensure!(drawn == json!(40), "{drawn} are drawn");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_available_offline_and_the_room_on_the_disk_are_said() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click("[data-testid=sync-pill]").await?;
        page.reads("[data-testid=available]", "Available offline: 6/6 lessons, 3/3 images and files").await?;
        page.reads("[data-testid=storage]", "12.4 MB").await?;
        page.reads("[data-testid=storage]", "48.9 MB").await?;
        page.click("[data-testid=free-storage]").await?;
        page.commanded("free_storage", json!({})).await?;
        page.reads("[data-testid=toast]", "6.2 MB freed").await?;
        page.reads("[data-testid=storage]", "6.2 MB").await
    })
    .await
}
