//! Words that somebody took away unseen: said when it happens, shown with what can be done, and never lost by accident.

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::{Value, json};

fn kept(id: u64, preview: &str) -> Value {
    json!({ "id": id, "course": "soil", "course_title": "Soil and water", "lesson": "moisture", "title": "Soil moisture",
        "at_ms": 1_760_000_000_000_u64, "preview": preview, "markdown": format!("*{preview}*") })
}

async fn keeps(page: &Page, words: &[Value]) -> anyhow::Result<()> {
    page.mock(json!({ "do": "kept_words", "words": words })).await.map(drop)
}

#[tokio::test]
async fn it_is_said_when_it_happens_and_leads_to_the_words_which_go_back() -> anyhow::Result<()> {
    with_page(async |page| {
        page.reads("[data-testid=sync-pill]", "Synced").await?;
        keeps(page, &[kept(7, "How wet a spoonful is")]).await?;
        let said = "Somebody deleted a paragraph while you were writing in it. Your words are kept.";
        page.reads("[data-testid=toast]", said).await?;
        page.reads("[data-testid=sync-pill]", "words kept").await?;
        page.click("[data-testid=toast-show]").await?;
        page.sees_no("[data-testid=toast]").await?;
        page.reads("[data-kept='7']", "Soil moisture · Soil and water").await?;
        page.reads("[data-kept='7'] [data-testid=kept-preview]", "How wet a spoonful is").await?;

        let failure = json!({ "code": "denied", "message": "Your role is viewer." });
        page.mock(json!({ "do": "fail", "command": "put_back_kept", "failure": failure })).await?;
        page.click("[data-kept='7'] [data-testid=put-back-words]").await?;
        page.reads("[data-kept='7'] [role=alert]", "Your role is viewer.").await?;
        page.mock(json!({ "do": "fail", "command": "put_back_kept", "failure": null })).await?;
        page.click("[data-kept='7'] [data-testid=put-back-words]").await?;
        page.commanded("put_back_kept", json!({ "id": 7 })).await?;
        page.reads("[data-testid=toast]", "Your words are in the lesson again.").await?;
        page.sees_no("[data-testid=kept-words]").await
    })
    .await
}

#[tokio::test]
async fn forgetting_is_decided_in_a_dialog_and_what_was_kept_before_is_not_said_again() -> anyhow::Result<()>
{
    with_page(async |page| {
        keeps(page, &[kept(7, "one"), kept(3, "two")]).await?;
        page.reads("[data-testid=toast]", "Somebody deleted paragraphs while you were writing in them.")
            .await?;
        page.click("[data-testid=toast-show]").await?;
        page.click("[data-kept='7'] [data-testid=forget-words]").await?;
        page.reads("[data-testid=let-go-dialog]", "cannot be brought back").await?;
        page.keys(thirtyfour::prelude::Key::Enter).await?;
        page.sees_no("dialog").await?;
        ensure!(page.calls("forget_kept").await? == 0);
        page.click("[data-kept='7'] [data-testid=forget-words]").await?;
        page.click("[data-testid=let-go-now]").await?;
        page.commanded("forget_kept", json!({ "id": 7 })).await?;
        page.sees_no("dialog").await?;
        page.sees_no("[data-kept='7']").await?;
        page.sees("[data-kept='3']").await?;
        keeps(page, &[kept(3, "two, told anew")]).await?;
        page.reads("[data-kept='3']", "two, told anew").await?;
        page.sees_no("[data-testid=toast]").await?;

        page.click("[data-kept='3'] [data-testid=kept-lesson]").await?;
        page.reads("[data-testid=lesson-title]", "Soil moisture").await
    })
    .await
}
