//! The whole interface opens on the mock, and what people do first works.

use crate::support::{folder, with_page};
use anyhow::ensure;
use serde_json::json;

#[tokio::test]
async fn the_whole_interface_opens_without_the_app() -> anyhow::Result<()> {
    with_page(async |page| {
        page.reads("[data-testid=course-switch]", "Soil and water").await?;
        page.reads("[data-testid=lesson-title]", "What a soil is made of").await?;
        page.reads(".prose", "A handful tells a lot").await?;
        page.reads("[data-testid=sync-pill]", "Synced at").await?;
        // Once each: what several parts show is asked for by one of them.
        for query in ["courses", "sync", "account", "course/soil/outline"] {
            let asked = page.calls(&format!("query {query}")).await?;
            ensure!(asked == 1, "{query} was asked for {asked} times");
        }
        for (entry, dialog) in
            [("server-item", "server-dialog"), ("shortcuts", "shortcuts-dialog"), ("export", "export-dialog")]
        {
            page.menu(entry).await?;
            page.click(&format!("[data-testid={dialog}] [data-testid=dialog-close]")).await?;
            page.sees_no("dialog").await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_lesson_is_written_by_two_in_a_plain_browser() -> anyhow::Result<()> {
    with_page(async |page| {
        page.click(".prose > p").await?;
        page.keys("Dig first. ").await?;
        let script = "return JSON.parse(window.inkhornMock(JSON.stringify({ do: 'text', lesson: 'layers' }))).includes('Dig first.')";
        page.wait("the text with the core", script, &[]).await?;
        page.mock(json!({ "do": "write", "lesson": "layers", "text": "Ben was here." })).await?;
        page.reads(".prose", "Ben was here.").await?;
        page.reads(".prose", "Dig first.").await
    })
    .await
}

#[tokio::test]
async fn a_course_that_may_only_be_read_says_so_and_offers_nothing_else() -> anyhow::Result<()> {
    with_page(async |page| {
        page.mock(json!({ "do": "role", "course": "soil", "role": "viewer" })).await?;
        page.reads("[data-testid=banner]", "You can read this course but not change it").await?;
        page.sees_no("[data-testid=add]").await?;
        page.sees("h1[data-testid=lesson-title]").await
    })
    .await
}

#[test]
fn what_is_shipped_does_not_contain_the_mock() -> anyhow::Result<()> {
    let mock = folder()?;
    let shipped = mock.with_file_name("ui-dist");
    ensure!(shipped.join("editor.js").is_file(), "build the interface first: cargo xtask ui");
    // The name by which a test reaches the mock is in each build that has it.
    let holds = |file: std::path::PathBuf| -> anyhow::Result<bool> {
        Ok(std::fs::read(file)?.windows(11).any(|bytes| bytes == b"inkhornMock"))
    };
    ensure!(holds(mock.join("inkhorn_ui_bg.wasm"))?, "the mock cannot be told by its name any more");
    ensure!(!holds(shipped.join("inkhorn_ui_bg.wasm"))?, "the mock is in the wasm that is shipped");
    ensure!(!shipped.join("mock.js").exists(), "the documents of the mock are shipped");
    Ok(())
}
