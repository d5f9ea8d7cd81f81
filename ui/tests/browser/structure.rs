//! Several rows at once, places to move to, copies, and the way back through all that the author did.

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::{Value, json};
use thirtyfour::prelude::*;

const SELECTED: &str =
    "return [...document.querySelectorAll('.tree-row[aria-selected=true]')].map(row => row.dataset.node)";
const ORDER: &str = "return [...document.querySelectorAll('.tree-row')].map(row => row.dataset.node)";

/// A press and a click with keys held, as a pointer gives them.
const CLICK: &str = "const [on, held] = arguments; const row = document.querySelector(on);
    const more = { bubbles: true, cancelable: true, button: 0, shiftKey: held === 'shift', ctrlKey: held === 'ctrl' };
    row.dispatchEvent(new PointerEvent('pointerdown', more)); row.focus();
    row.dispatchEvent(new PointerEvent('pointerup', more)); row.dispatchEvent(new MouseEvent('click', more))";

async fn click(page: &Page, node: &str, held: &str) -> anyhow::Result<()> {
    page.js(CLICK, &[json!(format!("#node-{node}")), json!(held)]).await.map(drop)
}

async fn selected(page: &Page, wanted: Value) -> anyhow::Result<()> {
    let is = "return JSON.stringify([...document.querySelectorAll('.tree-row[aria-selected=true]')].map(row => row.dataset.node))
        === JSON.stringify(arguments[0])";
    let outcome = page.wait("the selection", is, &[wanted]).await;
    if outcome.is_err() {
        let now = page.js(SELECTED, &[]).await?;
        anyhow::bail!("selected: {now}");
    }
    Ok(())
}

async fn order(page: &Page, wanted: &Value) -> anyhow::Result<()> {
    let is = "return JSON.stringify([...document.querySelectorAll('.tree-row')].map(row => row.dataset.node)) === JSON.stringify(arguments[0])";
    if page.wait("the order", is, std::slice::from_ref(wanted)).await.is_err() {
        anyhow::bail!("{} instead of {wanted}", page.js(ORDER, &[]).await?);
    }
    Ok(())
}

/// The outline's rows, then with one taken out and put where another stands.
async fn rows(page: &Page) -> anyhow::Result<Vec<String>> {
    Ok(serde_json::from_value(page.js(ORDER, &[]).await?)?)
}

#[tokio::test]
async fn rows_are_selected_with_keys_and_clicks_and_go_to_trash_and_back_as_one() -> anyhow::Result<()> {
    with_page(async |page| {
        ensure!(page.js("return document.querySelector('[role=tree]').ariaMultiSelectable", &[]).await? == json!("true"));
        let before = rows(page).await?;
        let lessons: Vec<String> = serde_json::from_value(page.js("return [...document.querySelectorAll('.tree-row[data-kind=lesson]')].map(row => row.dataset.node)", &[]).await?)?;
        let [first, second, third, ..] = lessons.as_slice() else { anyhow::bail!("{lessons:?}") };
        page.click(&format!("#node-{first}")).await?;
        click(page, second, "shift").await?;
        selected(page, json!([first, second])).await?;
        click(page, first, "ctrl").await?;
        selected(page, json!([second])).await?;
        page.js("document.getElementById('node-' + arguments[0]).focus()", &[json!(second)]).await?;
        page.keys(Key::Escape).await?;
        page.chord(&[Key::Shift], Key::Down).await?;
        let next = &before[before.iter().position(|row| row == second).unwrap_or(0) + 1];
        selected(page, json!([second, next])).await?;
        page.chord(&[Key::Control], "a").await?;
        selected(page, json!(before)).await?;
        page.keys(Key::Escape).await?;

        click(page, first, "").await?;
        click(page, third, "ctrl").await?;
        selected(page, json!([first, third])).await?;
        page.keys(Key::Delete).await?;
        let left: Vec<&String> = before.iter().filter(|row| *row != first && *row != third).collect();
        order(page, &json!(left)).await?;
        page.commanded("trash", json!({ "nodes": [first, third] })).await?;
        page.reads("[data-testid=toast]", "2 items are in Trash.").await?;
        page.click("[data-testid=toast-undo]").await?;
        order(page, &json!(before)).await
    })
    .await
}

#[tokio::test]
async fn a_place_is_found_by_typing_and_taken_by_enter() -> anyhow::Result<()> {
    with_page(async |page| {
        page.mock(json!({ "do": "grow", "course": "soil", "lessons": 1_000 })).await?;
        page.sees("#node-many-1").await?;
        page.js("document.getElementById('node-layers').focus()", &[]).await?;
        page.chord(&[Key::Control, Key::Shift], "m").await?;
        page.wait("the field", "return document.activeElement?.id === 'place-field'", &[]).await?;
        page.keys("man").await?;
        page.wait(
            "one place",
            "return document.querySelector('[data-testid=place][aria-selected=true]')?.textContent.startsWith('Many')",
            &[],
        )
        .await?;
        page.keys(Key::Enter).await?;
        page.commanded("move_nodes", json!({ "nodes": ["layers"], "to": "many", "before": null })).await?;
        page.wait("the dialog gone", "return !document.querySelector('dialog')", &[]).await?;
        page.sees("[data-testid=toast-undo]").await
    })
    .await
}

#[tokio::test]
async fn a_copy_stands_behind_its_original_and_another_course_takes_one_too() -> anyhow::Result<()> {
    with_page(async |page| {
        page.js("document.getElementById('node-layers').focus()", &[]).await?;
        page.chord(&[Key::Control], "d").await?;
        page.wait(
            "the copy behind it",
            "return document.getElementById('node-layers')?.nextElementSibling?.getAttribute('aria-label')?.endsWith('(copy)')",
            &[],
        )
        .await?;
        page.chord(&[Key::Control], "z").await?;
        page.wait("no copy", "return !document.getElementById('node-layers').nextElementSibling.ariaLabel.endsWith('(copy)')", &[]).await?;
        page.js("document.getElementById('node-layers').focus()", &[]).await?;
        page.chord(&[Key::Control, Key::Shift], "m").await?;
        page.sees("[data-testid=place-field]").await?;
        page.keys("bread").await?;
        page.keys(Key::Enter).await?;
        page.reads("[data-testid=place-course]", "Notes on bread").await?;
        page.sees("[data-testid=place]").await?;
        page.keys(Key::Enter).await?;
        page.commanded("copy_to", json!({ "nodes": ["layers"] })).await
    })
    .await
}

#[tokio::test]
async fn text_and_structure_are_undone_and_redone_in_the_order_in_which_they_were_made() -> anyhow::Result<()>
{
    with_page(async |page| {
        let lesson = page.js("return document.querySelector('[data-testid=lesson]').dataset.lesson", &[]).await?;
        let text = "return document.querySelector('.prose')?.textContent.includes(arguments[0])";
        let without = "return document.querySelector('.prose') && !document.querySelector('.prose').textContent.includes(arguments[0])";
        let caret = "document.querySelector('.prose').focus(); getSelection().selectAllChildren(document.querySelector('.prose p')); getSelection().collapseToEnd()";
        page.sees(".prose").await?;
        page.js(caret, &[]).await?;
        page.puts("first words").await?;
        page.wait("the text", text, &[json!("first words")]).await?;
        let start = rows(page).await?;
        page.js("document.getElementById('node-layers').focus()", &[]).await?;
        page.chord(&[Key::Control], "d").await?;
        page.wait("one row more", "return document.querySelectorAll('.tree-row').length === arguments[0]", &[json!(start.len() + 1)]).await?;
        page.js(caret, &[]).await?;
        page.puts("second words").await?;
        page.wait("the text", text, &[json!("second words")]).await?;

        // In the text: the newest is text, then structure, then text.
        page.chord(&[Key::Control], "z").await?;
        page.wait("without the second", without, &[json!("second words")]).await?;
        page.wait("with the first", text, &[json!("first words")]).await?;
        page.chord(&[Key::Control], "z").await?;
        order(page, &json!(start)).await?;
        page.sees_no("[data-testid=toast-undo]").await?;
        page.wait("still with the first", text, &[json!("first words")]).await?;
        // From another lesson, in the outline.
        page.click("#node-texture").await?;
        page.wait("another lesson", "return document.querySelector('[data-testid=lesson]')?.dataset.lesson !== arguments[0]", std::slice::from_ref(&lesson)).await?;
        page.js("document.getElementById('node-texture').focus()", &[]).await?;
        page.chord(&[Key::Control], "z").await?;
        page.wait("the lesson again", "return document.querySelector('[data-testid=lesson]')?.dataset.lesson === arguments[0]", std::slice::from_ref(&lesson)).await?;
        page.wait("without the first", without, &[json!("first words")]).await?;
        page.reads("[data-testid=toast]:last-child", "Undid your last words in this lesson.").await?;

        for (wanted, is) in [("first words", text), ("", ""), ("second words", text)] {
            page.chord(&[Key::Control, Key::Shift], "z").await?;
            if wanted.is_empty() {
                page.wait("the copy again", "return document.querySelectorAll('.tree-row').length === arguments[0]", &[json!(start.len() + 1)]).await?;
            } else {
                page.wait(wanted, is, &[json!(wanted)]).await?;
            }
        }
        page.menu("undo").await?;
        page.wait("without the second", without, &[json!("second words")]).await.map(drop)
    })
    .await
}

#[tokio::test]
async fn a_copy_that_comes_late_leaves_the_caret_where_the_author_writes_by_then() -> anyhow::Result<()> {
    with_page(async |page| {
        page.mock(json!({ "do": "delay", "command": "duplicate", "ms": 300 })).await?;
        let start = rows(page).await?.len();
        page.js("document.getElementById('node-layers').focus()", &[]).await?;
        page.chord(&[Key::Control], "d").await?;
        page.js("document.querySelector('.prose').focus()", &[]).await?;
        let count = "return document.querySelectorAll('.tree-row').length === arguments[0]";
        page.wait("the copy", count, &[json!(start + 1)]).await?;
        page.settled().await?;
        let focus = page.js("return document.activeElement?.className ?? ''", &[]).await?;
        ensure!(focus.as_str().is_some_and(|name| name.contains("prose")), "the focus is in {focus}");
        Ok(())
    })
    .await
}
