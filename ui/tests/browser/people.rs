//! Who is in a course: owners invite, give roles and remove; others see why they cannot.

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::json;
use thirtyfour::prelude::*;

async fn pick(page: &Page, css: &str, value: &str) -> anyhow::Result<()> {
    let script = "const one = document.querySelector(arguments[0]);
        one.value = arguments[1]; one.dispatchEvent(new Event('change', { bubbles: true }))";
    page.js(script, &[json!(css), json!(value)]).await.map(drop)
}

#[tokio::test]
async fn an_owner_invites_gives_roles_and_removes() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click("[data-testid=people]").await?;
        page.reads("[data-email='maria@example.org']", "(you)").await?;
        page.sees_no("[data-email='maria@example.org'] [data-testid=remove]").await?;

        page.click("[data-testid=invite-email]").await?;
        page.keys("nobody" + Key::Enter).await?;
        page.reads("[data-testid=invite-error]", "not an e-mail").await?;
        ensure!(page.calls("change_member").await? == 0);
        page.keys("@example.org").await?;
        pick(page, "[data-testid=invite-role]", "viewer").await?;
        let failure = json!({ "code": "not_found", "message": "Nobody has an account with the e-mail nobody@example.org." });
        page.mock(json!({ "do": "fail", "command": "change_member", "failure": failure })).await?;
        page.click("[data-testid=invite]").await?;
        page.reads("[data-testid=people-error]", "Nobody has an account").await?;
        page.reads("[data-testid=invite-email]", "nobody@example.org").await?;
        page.mock(json!({ "do": "fail", "command": "change_member", "failure": null })).await?;
        page.click("[data-testid=invite]").await?;
        page.commanded("change_member", json!({ "course": "soil", "email": "nobody@example.org", "change": { "do": "invite", "role": "viewer" } })).await?;
        page.sees("[data-email='nobody@example.org']").await?;
        page.sees_no("[data-testid=people-error]").await?;
        ensure!(page.text("[data-testid=invite-email]").await?.is_empty(), "the field is ready for the next one");

        pick(page, "[data-email='ben@example.org'] select", "owner").await?;
        page.commanded("change_member", json!({ "email": "ben@example.org", "change": { "do": "role", "role": "owner" } })).await?;

        page.click("[data-email='asa@example.org'] [data-testid=remove]").await?;
        page.reads("[data-testid=people-question]", "keeps what is on their computer").await?;
        ensure!(page.calls("change_member").await? == 3, "removing is decided first");
        page.click("[data-testid=remove-now]").await?;
        page.sees_no("[data-email='asa@example.org']").await
    })
    .await
}

#[tokio::test]
async fn the_only_owner_cannot_leave_and_is_told_why() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click("[data-testid=people]").await?;
        page.sees("[data-testid=leave]:disabled").await?;
        page.reads("[data-testid=people-dialog]", "Make somebody else an owner").await?;
        pick(page, "[data-email='ben@example.org'] select", "owner").await?;
        page.sees("[data-testid=leave]:not(:disabled)").await?;
        page.click("[data-testid=leave]").await?;
        page.reads("[data-testid=people-question]", "stays on this computer").await?;
        page.click("[data-testid=remove-now]").await?;
        page.commanded(
            "change_member",
            json!({ "email": "maria@example.org", "change": { "do": "remove" } }),
        )
        .await?;
        page.sees_no("dialog").await
    })
    .await
}

#[tokio::test]
async fn who_is_no_owner_sees_the_people_and_whom_to_ask() -> anyhow::Result<()> {
    with_page(async |page| {
        let account = json!({ "server": "https://courses.example.org", "email": "ben@example.org", "name": "Ben Okafor" });
        page.mock(json!({ "do": "account", "account": account })).await?;
        page.click("[data-testid=people]").await?;
        page.reads("[data-testid=people-reason]", "Your role is editor. Only an owner").await?;
        page.reads("[data-testid=people-reason]", "Ask Maria Silva (owner)").await?;
        page.sees_no("[data-testid=invite-email]").await?;
        page.sees_no("[data-testid=role]").await
    })
    .await
}

#[tokio::test]
async fn without_a_connection_people_are_shown_and_what_needs_the_server_is_said() -> anyhow::Result<()> {
    with_page(async |page| {
        let count = json!({ "waiting_edits": 0, "waiting_uploads": 0, "waiting_downloads": 0, "rejected": 0 });
        let sync = json!({ "status": { "state": "offline", "next_try_ms": null, "why": null }, "count": count, "synced_at_ms": null, "rejected": [] });
        page.mock(json!({ "do": "sync", "sync": sync })).await?;
        page.click("[data-testid=people]").await?;
        page.reads("[data-testid=people-offline]", "need the server").await?;
        page.sees("[data-email='ben@example.org'] .badge").await?;
        page.sees_no("[data-testid=role]").await?;
        page.sees("[data-testid=leave]:disabled").await
    })
    .await
}
