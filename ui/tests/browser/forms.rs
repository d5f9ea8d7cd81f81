//! What is typed is never overwritten: in titles, in the name of the course, at sign-in, in the middle of a word.

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::json;
use thirtyfour::prelude::*;

const TITLE: &str = "textarea[data-testid=lesson-title]";

async fn type_title(page: &Page, text: &str) -> anyhow::Result<()> {
    page.click(TITLE).await?;
    page.select_all().await?;
    page.keys(text).await?;
    page.reads(TITLE, text).await
}

async fn rename_elsewhere(page: &Page, title: &str) -> anyhow::Result<()> {
    page.mock(json!({ "do": "rename", "node": "layers", "title": title })).await?;
    // It has arrived: the outline, where nobody types, shows it.
    page.reads("#node-layers", title).await
}

#[tokio::test]
async fn a_title_that_nobody_edits_follows_and_one_that_is_edited_stays() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click(TITLE).await?;
        rename_elsewhere(page, "Layers of soil").await?;
        page.reads(TITLE, "Layers of soil").await?;
        page.sees_no("[data-testid=elsewhere]").await?;

        type_title(page, "My layers").await?;
        rename_elsewhere(page, "Their layers").await?;
        page.reads("[data-testid=elsewhere]", "Their layers").await?;
        ensure!(page.text(TITLE).await? == "My layers", "what was typed is gone");
        // Enter does not decide by itself: it leads to the choice.
        page.keys(Key::Enter).await?;
        page.wait("the focus on the choice", "return document.activeElement?.id === 'keep-mine'", &[])
            .await?;
        ensure!(page.calls("rename").await? == 0, "sent without a decision");
        page.keys(Key::Enter).await?;
        page.commanded("rename", json!({ "node": "layers", "title": "My layers" })).await?;
        page.reads("#node-layers", "My layers").await?;
        page.sees_no("[data-testid=elsewhere]").await
    })
    .await
}

#[tokio::test]
async fn taking_theirs_gives_up_what_was_typed_on_the_users_word_only() -> anyhow::Result<()> {
    with_page(async |page| {
        type_title(page, "My layers").await?;
        rename_elsewhere(page, "Their layers").await?;
        page.sees("[data-testid=elsewhere]").await?;
        // Leaving the field is no decision.
        page.click(".prose > p").await?;
        page.settled().await?;
        ensure!(page.text(TITLE).await? == "My layers");
        page.click("[data-testid=take-theirs]").await?;
        page.reads(TITLE, "Their layers").await?;
        page.sees_no("[data-testid=elsewhere]").await?;
        ensure!(page.calls("rename").await? == 0, "nothing was to be sent");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_row_and_the_course_are_renamed_under_the_same_rules() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click("#node-layers").await?;
        page.keys(Key::F2).await?;
        page.sees("[data-testid=rename-input]").await?;
        page.keys("Mine").await?;
        page.mock(json!({ "do": "rename", "node": "layers", "title": "Theirs" })).await?;
        page.reads(".tree [data-testid=elsewhere]", "Theirs").await?;
        ensure!(page.text("[data-testid=rename-input]").await? == "Mine");
        page.click(".tree [data-testid=keep-mine]").await?;
        page.reads("#node-layers .tree-title", "Mine").await?;

        page.menu("rename-course").await?;
        page.sees("[data-testid=course-name]").await?;
        page.keys("My course").await?;
        page.mock(json!({ "do": "rename_course", "course": "soil", "title": "Their course" })).await?;
        page.reads(".sidebar-head [data-testid=elsewhere]", "Their course").await?;
        ensure!(page.text("[data-testid=course-name]").await? == "My course");
        page.click(".sidebar-head [data-testid=take-theirs]").await?;
        page.reads("[data-testid=course-switch]", "Their course").await?;
        ensure!(page.calls("rename_course").await? == 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_word_that_is_being_composed_is_left_alone() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click(TITLE).await?;
        page.select_all().await?;
        let compose = async |text: &str| {
            let end = text.chars().count();
            let params = json!({ "text": text, "selectionStart": end, "selectionEnd": end });
            page.devtools("Input.imeSetComposition", params).await
        };
        compose("に").await?;
        rename_elsewhere(page, "Theirs").await?;
        compose("にほん").await?;
        ensure!(page.text(TITLE).await? == "にほん", "the word was cut: {}", page.text(TITLE).await?);
        page.sees_no("[data-testid=elsewhere]").await?;
        // Keys belong to the input method: neither is this kept, nor given up, nor a shortcut.
        let press = "const [key, code, ctrlKey] = arguments;
             document.activeElement.dispatchEvent(new KeyboardEvent('keydown',
                 { key, code, ctrlKey, shiftKey: ctrlKey, isComposing: true, bubbles: true, cancelable: true }))";
        for (key, code, ctrl) in [("Enter", "Enter", false), ("Escape", "Escape", false), ("Y", "KeyY", true)] {
            page.js(press, &[json!(key), json!(code), json!(ctrl)]).await?;
        }
        page.settled().await?;
        ensure!(page.text(TITLE).await? == "にほん");
        ensure!(page.calls("rename").await? == 0, "kept in the middle of a word");
        page.sees_no("[data-testid=sync-centre]").await?;

        page.devtools("Input.insertText", json!({ "text": "日本" })).await?;
        page.reads(TITLE, "日本").await?;
        // The word is done: now the field says that it changed elsewhere, with what was typed intact.
        page.reads("[data-testid=elsewhere]", "Theirs").await?;
        page.click("[data-testid=keep-mine]").await?;
        page.commanded("rename", json!({ "node": "layers", "title": "日本" })).await
    })
    .await
}

#[tokio::test]
async fn an_account_that_arrives_while_somebody_signs_in_elsewhere_is_a_choice() -> anyhow::Result<()> {
    with_page(async |page| {
        page.mock(json!({ "do": "account", "account": null })).await?;
        page.menu("server-item").await?;
        page.click("[data-testid=server-url]").await?;
        page.keys("localhost:8080").await?;
        let offline = json!({ "state": "offline", "next_try_ms": null, "why": "sign in again" });
        let sync = json!({ "status": offline, "count": count(0), "synced_at_ms": null, "rejected": [] });
        page.mock(json!({ "do": "sync", "sync": sync })).await?;
        let account =
            json!({ "server": "https://other.example.org", "email": "ben@example.org", "name": "Ben" });
        page.mock(json!({ "do": "account", "account": account })).await?;
        page.reads("[data-testid=account]", "other.example.org").await?;
        page.click("[data-testid=sign-in-again]").await?;
        ensure!(
            page.text("[data-testid=server-url]").await? == "localhost:8080",
            "the address was overwritten"
        );
        page.reads("[data-testid=email]", "ben@example.org").await?;
        page.click("[data-testid=secret]").await?;
        page.keys("secret").await?;
        let ready = "return !document.querySelector('[data-testid=sign-in]').disabled";
        ensure!(page.js(ready, &[]).await? == json!(false), "ready although the user has to decide");
        page.click("[data-testid=keep-mine]").await?;
        page.wait("the button", ready, &[]).await?;
        page.click("[data-testid=sign-in]").await?;
        page.commanded(
            "login_password",
            json!({ "server": "http://localhost:8080", "email": "ben@example.org" }),
        )
        .await?;
        page.sees_no("dialog").await
    })
    .await
}

fn count(rejected: u64) -> serde_json::Value {
    json!({ "waiting_edits": 0, "waiting_uploads": 0, "waiting_downloads": 0, "rejected": rejected })
}
