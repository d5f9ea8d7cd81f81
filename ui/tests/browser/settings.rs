//! Settings of a course: kept field by field, never overwritten while one types, applied to the lesson.

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::{Value, json};
use thirtyfour::prelude::*;

async fn pick(page: &Page, css: &str, value: &str) -> anyhow::Result<()> {
    page.sees(css).await?;
    let script = "const one = document.querySelector(arguments[0]);
        one.value = arguments[1]; one.dispatchEvent(new Event('change', { bubbles: true }))";
    page.js(script, &[json!(css), json!(value)]).await.map(drop)
}

async fn kept(page: &Page, change: Value) -> anyhow::Result<()> {
    page.commanded("change_settings", json!({ "course": "soil", "change": change })).await
}

#[tokio::test]
async fn fields_are_kept_when_they_are_left_and_language_and_direction_reach_the_lesson() -> anyhow::Result<()>
{
    with_page(async |page| {
        page.menu("course-settings").await?;
        page.reads("[data-testid=settings-title]", "Soil and water").await?;
        pick(page, "[data-testid=settings-language]", "ar").await?;
        kept(page, json!({ "set": "language", "value": "ar" })).await?;
        pick(page, "[data-testid=settings-direction]", "rtl").await?;
        kept(page, json!({ "set": "direction", "value": "rtl" })).await?;
        page.sees("[data-testid=lesson][lang=ar][dir=rtl]").await?;
        let inherited =
            "return getComputedStyle(document.querySelector('[data-testid=lesson] .prose')).direction";
        ensure!(page.js(inherited, &[]).await? == json!("rtl"), "the text has the direction of the course");

        // A language that is not in the list.
        pick(page, "[data-testid=settings-language]", "other").await?;
        page.click("[data-testid=settings-language-tag]").await?;
        page.select_all().await?;
        page.keys("English mostly" + Key::Tab).await?;
        page.reads("[data-testid=settings-dialog]", "not a language tag").await?;
        page.click("[data-testid=settings-language-tag]").await?;
        page.select_all().await?;
        page.keys("gsw" + Key::Enter).await?;
        kept(page, json!({ "set": "language", "value": "gsw" })).await?;
        page.sees("[data-testid=lesson][lang=gsw]").await?;

        pick(page, "[data-testid=settings-licence]", "CC BY 4.0").await?;
        kept(page, json!({ "set": "licence", "value": "CC BY 4.0" })).await?;
        page.click("[data-testid=settings-title]").await?;
        page.keys(" anew" + Key::Tab).await?;
        page.commanded("rename_course", json!({ "course": "soil", "title": "Soil and water anew" })).await
    })
    .await
}

#[tokio::test]
async fn lists_are_written_moved_and_emptied_by_keyboard_and_buttons() -> anyhow::Result<()> {
    with_page(async |page| {
        page.menu("course-settings").await?;
        page.click("[data-testid=objectives-new]").await?;
        for text in ["Tell sand from silt", "Measure moisture", "Decide when to irrigate"] {
            page.keys(text + Key::Enter).await?;
            page.wait("the entry", "return [...document.querySelectorAll('[data-testid=objectives] input')].some(it => it.value === arguments[0])", &[json!(text)]).await?;
            page.wait("an empty field", "return document.querySelector('[data-testid=objectives-new]').value === ''", &[]).await?;
        }
        let order = "return [...document.querySelectorAll('[data-testid=objectives] input')].map(it => it.value[0]).join('')";
        ensure!(page.js(order, &[]).await? == json!("TMD"));
        // By keyboard: the last one goes up twice, and keeps the focus.
        page.click("[data-testid=objectives] li:last-child input").await?;
        page.chord(&[Key::Alt], Key::Up).await?;
        page.wait("one up", &format!("{order} === 'TDM'"), &[]).await?;
        page.chord(&[Key::Alt], Key::Up).await?;
        page.wait("two up", &format!("{order} === 'DTM'"), &[]).await?;
        ensure!(page.js("return document.activeElement.value[0]", &[]).await? == json!("D"), "the focus stays with it");
        page.click("[data-testid=objectives] li:first-child [data-testid=entry-down]").await?;
        page.wait("down", &format!("{order} === 'TDM'"), &[]).await?;
        page.click("[data-testid=objectives] li:first-child [data-testid=entry-remove]").await?;
        page.wait("gone", &format!("{order} === 'DM'"), &[]).await?;
        page.click("[data-testid=objectives] li:first-child input").await?;
        page.select_all().await?;
        page.keys("Know when" + Key::Tab).await?;
        page.wait("rewritten", &format!("{order} === 'KM'"), &[]).await.map(drop)
    })
    .await
}

#[tokio::test]
async fn what_i_type_is_not_overwritten_and_the_choice_is_mine() -> anyhow::Result<()> {
    with_page(async |page| {
        let theirs = |change: Value| json!({ "do": "setting", "course": "soil", "change": change });
        page.mock(theirs(json!({ "set": "add", "list": "authors", "id": "a1", "text": "Maria" }))).await?;
        page.menu("course-settings").await?;
        page.click("[data-testid=authors] li:first-child input").await?;
        page.keys(" Silva").await?;
        page.mock(theirs(json!({ "set": "text", "list": "authors", "id": "a1", "text": "M. Silva" })))
            .await?;
        // Another one comes at the same time: it stands below, and disturbs nothing.
        page.mock(theirs(json!({ "set": "add", "list": "authors", "id": "a2", "text": "Ben" }))).await?;
        page.reads("[data-testid=authors]", "").await?;
        page.wait("both", "return document.querySelectorAll('[data-testid=authors] li').length === 2", &[])
            .await?;
        page.reads("[data-testid=elsewhere]", "M. Silva").await?;
        page.reads("[data-testid=authors] li:first-child input", "Maria Silva").await?;
        ensure!(page.calls("change_settings").await? == 0, "nothing is sent before the choice");
        page.click("[data-testid=keep-mine]").await?;
        kept(page, json!({ "set": "text", "list": "authors", "id": "a1", "text": "Maria Silva" })).await?;
        page.sees_no("[data-testid=elsewhere]").await
    })
    .await
}

#[tokio::test]
async fn a_viewer_reads_the_settings_and_is_told_why_they_cannot_be_changed() -> anyhow::Result<()> {
    with_page(async |page| {
        page.mock(json!({ "do": "setting", "course": "soil", "change": { "set": "add", "list": "objectives", "id": "o1", "text": "Tell sand from silt" } })).await?;
        page.mock(json!({ "do": "role", "course": "soil", "role": "viewer" })).await?;
        page.menu("course-settings").await?;
        page.reads("[data-testid=settings-reason]", "your role is viewer").await?;
        page.sees("[data-testid=settings-title]:disabled").await?;
        page.sees("[data-testid=entry-text]:disabled").await?;
        page.sees_no("[data-testid=entry-remove]").await?;
        page.sees_no("[data-testid=cover-file]").await
    })
    .await
}

#[tokio::test]
async fn settings_are_taken_back_in_one_order_with_text_and_only_where_nobody_changed_them_since()
-> anyhow::Result<()> {
    with_page(async |page| {
        let caret = "document.querySelector('.prose').focus(); getSelection().selectAllChildren(document.querySelector('.prose p')); getSelection().collapseToEnd()";
        let text = "return document.querySelector('.prose').textContent.includes(arguments[0]) === arguments[1]";
        let set = "return JSON.parse(inkhornMock(JSON.stringify({ do: 'settings', course: 'soil' })))[arguments[0]] === arguments[1]";
        page.js(caret, &[]).await?;
        page.puts("first words").await?;
        page.menu("course-settings").await?;
        pick(page, "[data-testid=settings-licence]", "CC BY 4.0").await?;
        page.wait("the licence", set, &[json!("licence"), json!("CC BY 4.0")]).await?;
        pick(page, "[data-testid=settings-direction]", "rtl").await?;
        page.wait("the direction", set, &[json!("direction"), json!("rtl")]).await?;
        page.click("[data-testid=dialog-close]").await?;
        page.sees_no("dialog").await?;
        page.js(caret, &[]).await?;
        page.puts("second words").await?;
        page.wait("the text", text, &[json!("second words"), json!(true)]).await?;

        page.chord(&[Key::Control], "z").await?;
        page.wait("no second words", text, &[json!("second words"), json!(false)]).await?;
        page.chord(&[Key::Control], "z").await?;
        page.wait("no direction", set, &[json!("direction"), json!("auto")]).await?;
        page.reads("[data-testid=toast]:last-child", "Undid the change of the direction.").await?;
        page.chord(&[Key::Control], "z").await?;
        page.wait("no licence", set, &[json!("licence"), json!("")]).await?;
        page.wait("the first words", text, &[json!("first words"), json!(true)]).await?;
        page.chord(&[Key::Control, Key::Shift], "z").await?;
        page.wait("the licence again", set, &[json!("licence"), json!("CC BY 4.0")]).await?;

        // Somebody else's licence stays; the next step back is the one before.
        let theirs = json!({ "set": "licence", "value": "CC0" });
        page.mock(json!({ "do": "setting", "course": "soil", "change": theirs })).await?;
        page.chord(&[Key::Control], "z").await?;
        page.reads("[data-testid=toast]:last-child", "has another value since, and keeps it").await?;
        page.wait("their licence", set, &[json!("licence"), json!("CC0")]).await?;
        page.chord(&[Key::Control], "z").await?;
        page.wait("no first words", text, &[json!("first words"), json!(false)]).await.map(drop)
    })
    .await
}
