//! What waits for the server and what it refused: said with the reason, and nothing of it is lost by accident.

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::json;

async fn refuse(page: &Page) -> anyhow::Result<()> {
    let edit = |id: u64, doc: &str| json!({ "id": id, "course": "soil", "doc": doc, "why": "your role is viewer: you can read this course but not change it", "at_ms": 1_760_000_000_000_u64 });
    let count = json!({ "waiting_edits": 0, "waiting_uploads": 0, "waiting_downloads": 0, "rejected": 2 });
    let rejected = [edit(7, "lesson:moisture"), edit(3, "course:soil")];
    let sync = json!({ "status": { "state": "offline", "next_try_ms": null, "why": null }, "count": count, "synced_at_ms": null, "rejected": rejected });
    page.mock(json!({ "do": "sync", "sync": sync })).await.map(drop)
}

async fn request(page: &Page, state: &str, why: Option<&str>) -> anyhow::Result<()> {
    let operation = json!({ "op": "op1", "course": "soil", "kind": "set_title", "state": state, "tries": 2, "created_ms": 1_760_000_000_000_u64, "next_try_ms": null, "why": why });
    page.mock(json!({ "do": "operations", "operations": [operation] })).await.map(drop)
}

#[tokio::test]
async fn a_refused_change_is_named_with_its_reason_and_can_be_exported_and_put_back() -> anyhow::Result<()> {
    with_page(async |page| {
        refuse(page).await?;
        page.reads("[data-testid=sync-pill]", "Change rejected").await?;
        page.click("[data-testid=sync-pill]").await?;
        page.reads("[data-id='7']", "Soil moisture · Soil and water").await?;
        page.reads("[data-id='7']", "Your role is viewer").await?;
        page.reads("[data-id='3']", "Outline · Soil and water").await?;

        page.mock(json!({ "do": "choose", "path": "/home/maria/refused" })).await?;
        page.click("[data-id='7'] [data-testid=export-rejected]").await?;
        page.commanded("choose_new_file", json!({ "name": "Refused changes Soil moisture Soil and water" }))
            .await?;
        page.commanded("export_rejected", json!({ "id": 7, "path": "/home/maria/refused" })).await?;
        page.reads("[data-testid=toast]", "stay kept here").await?;
        page.sees("[data-id='7']").await?;

        page.click("[data-id='7'] [data-testid=put-back]").await?;
        page.commanded("reapply_rejected", json!({ "id": 7 })).await?;
        page.sees_no("[data-id='7']").await?;
        page.sees("[data-id='3']").await
    })
    .await
}

#[tokio::test]
async fn letting_go_is_decided_in_a_dialog_that_says_what_is_lost() -> anyhow::Result<()> {
    with_page(async |page| {
        refuse(page).await?;
        page.click("[data-testid=sync-pill]").await?;
        page.click("[data-id='7'] [data-testid=let-go]").await?;
        page.reads("[data-testid=let-go-dialog]", "cannot be brought back").await?;
        // Keeping is what Enter does.
        let focus = "return document.activeElement?.textContent";
        ensure!(
            page.js(focus, &[]).await? == json!("Keep"),
            "the focus is on {}",
            page.js(focus, &[]).await?
        );
        page.keys(thirtyfour::prelude::Key::Enter).await?;
        page.sees_no("dialog").await?;
        ensure!(page.calls("discard_rejected").await? == 0);
        page.click("[data-id='7'] [data-testid=let-go]").await?;
        page.click("[data-testid=let-go-now]").await?;
        page.commanded("discard_rejected", json!({ "id": 7 })).await?;
        page.sees_no("dialog").await?;
        page.sees_no("[data-id='7']").await
    })
    .await
}

#[tokio::test]
async fn requests_say_how_far_they_are_and_a_refused_one_can_be_tried_again() -> anyhow::Result<()> {
    with_page(async |page| {
        request(page, "queued", Some("the server does not answer")).await?;
        page.click("[data-testid=sync-pill]").await?;
        page.reads("[data-testid=operation]", "Give “Soil and water” its title on the server").await?;
        page.reads(
            "[data-testid=operation]",
            "Kept on this computer; tried 2 times. The server does not answer.",
        )
        .await?;
        page.sees_no("[data-testid=retry-operation]").await?;

        request(page, "rejected", Some("your role is viewer")).await?;
        page.reads("[data-testid=sync-pill]", "Request refused").await?;
        page.reads("[data-testid=operation]", "The server refused it. Your role is viewer. It is kept here.")
            .await?;
        page.click("[data-testid=retry-operation]").await?;
        page.commanded("retry_operation", json!({ "op": "op1" })).await?;
        page.reads("[data-testid=sync-pill]", "Synced").await?;

        request(page, "expired", None).await?;
        page.click("[data-testid=operation] [data-testid=let-go]").await?;
        page.click("[data-testid=let-go-now]").await?;
        page.commanded("let_go_operation", json!({ "op": "op1" })).await?;
        page.sees_no("[data-testid=operation]").await
    })
    .await
}

#[tokio::test]
async fn a_command_that_fails_says_why_beside_its_button() -> anyhow::Result<()> {
    with_page(async |page| {
        request(page, "rejected", None).await?;
        page.click("[data-testid=sync-pill]").await?;
        let failure = json!({ "code": "other", "message": "The disk is full." });
        page.mock(json!({ "do": "fail", "command": "retry_operation", "failure": failure })).await?;
        page.click("[data-testid=retry-operation]").await?;
        page.reads("[data-testid=operation] [role=alert]", "The disk is full.").await
    })
    .await
}

#[tokio::test]
async fn a_document_that_differed_from_the_servers_is_said_in_the_sync_centre() -> anyhow::Result<()> {
    with_page(async |page| {
        let one = |doc: &str, repaired: bool| json!({ "doc": doc, "repaired": repaired, "at_ms": 1_760_000_000_000_u64 });
        let count = json!({ "waiting_edits": 0, "waiting_uploads": 0, "waiting_downloads": 0, "rejected": 0 });
        let differed = [one("lesson:moisture", true), one("course:soil", false)];
        let sync = json!({ "status": { "state": "local" }, "count": count, "synced_at_ms": null, "rejected": [], "differed": differed });
        page.mock(json!({ "do": "sync", "sync": sync })).await?;
        page.click("[data-testid=sync-pill]").await?;
        page.reads("[data-testid=sync-centre]", "A lesson differed from the server’s").await?;
        page.reads("[data-testid=sync-centre]", "Nothing was thrown away").await
    })
    .await
}
