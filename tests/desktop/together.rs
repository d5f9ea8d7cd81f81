//! Two authors in the same lesson, each in a real window: they see each other, and one goes where the other goes.

use crate::support::app::{App, with_app};
use crate::support::author::shared_by_two;
use anyhow::{Context, ensure};
use inkhorn_testkit::profile::of_kind;
use inkhorn_testkit::server::Server;
use serde_json::{Value, json};

/// Name at the caret of somebody, and what stands before it in its block.
const CARET: &str = "const caret = document.querySelector('.prose .caret');
    if (!caret) return null;
    const name = caret.querySelector('.caret-name').dataset.name;
    const range = document.createRange();
    range.setStart(caret.closest('.prose > *'), 0);
    range.setEndBefore(caret);
    return range.toString().endsWith(arguments[0]) && [name, range.toString()]";

/// Waits until the caret of somebody stands right behind this text, and gives the name at it.
async fn caret_behind(app: &App, text: &str) -> anyhow::Result<Value> {
    Ok(app.wait(&format!("a caret behind “{text}”"), CARET, &[json!(text)]).await?[0].clone())
}

#[tokio::test]
async fn two_authors_see_each_others_cursor_with_the_name_in_the_lesson() -> anyhow::Result<()> {
    let server = Server::start()?;
    let (ada, ben, course) = shared_by_two(&server, "Shared course")?;
    let lessons = of_kind(&ada.outline(&course)?, "lesson");
    let lesson = lessons.first().context("no lesson")?.id.clone();
    let other = lessons.last().context("no lesson")?.id.clone();
    ensure!(lesson != other, "a course of one lesson");

    with_app(ada.path(), async |hers| {
        with_app(ben.path(), async |his| {
            for app in [hers, his] {
                app.open_course("Shared course").await?;
                ensure!(app.open_lesson(&lesson).await? == "edit");
            }
            hers.write(" Words of Ada").await?;
            ensure!(caret_behind(his, "Words of Ada").await? == "ada");
            his.write(" and of Ben").await?;
            ensure!(caret_behind(hers, "and of Ben").await? == "ben");
            hers.write("!").await?;
            ensure!(caret_behind(his, "!").await? == "ada");

            // He goes with her to another lesson, and both are there.
            let avatar = "const button = document.querySelector('[data-testid=avatars] .avatar-button');
                if (button) button.click();
                return !!button";
            his.wait("her avatar", avatar, &[]).await?;
            ensure!(hers.open_lesson(&other).await? == "edit");
            let there =
                "return document.querySelector('[data-testid=lesson]')?.dataset.lesson === arguments[0]
                && !!document.querySelector('[data-testid=following]')";
            his.wait("her lesson", there, &[json!(other)]).await?;
            hers.write(" Here").await?;
            ensure!(caret_behind(his, " Here").await? == "ada");
            // What he writes ends it.
            his.write(" I stay").await?;
            his.wait(
                "the end of following",
                "return !document.querySelector('[data-testid=following]')",
                &[],
            )
            .await?;
            ensure!(caret_behind(hers, " I stay").await? == "ben");
            hers.pill(&["synced"]).await?;
            his.pill(&["synced"]).await
        })
        .await?;
        // His window is closed: nobody is left in hers.
        hers.wait("his caret is gone", "return !document.querySelector('.prose .caret')", &[]).await.map(drop)
    })
    .await
}
