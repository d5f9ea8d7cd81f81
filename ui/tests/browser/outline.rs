//! An outline of a thousand lessons.

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::json;
use thirtyfour::prelude::*;

const ROWS: &str = "return document.querySelectorAll('.tree-row').length";
const FOCUS: &str = "return document.activeElement?.dataset?.node";
/// Whether the row with this id is seen, not just there.
const SEEN: &str = "const row = document.getElementById('node-' + arguments[0])?.getBoundingClientRect();
    const area = document.querySelector('nav.sidebar-body').getBoundingClientRect();
    return !!row && row.top >= area.top && row.bottom <= area.bottom + 1";

async fn with_many(body: impl AsyncFnOnce(&Page) -> anyhow::Result<()>) -> anyhow::Result<()> {
    with_page(async |page| {
        page.mock(json!({ "do": "grow", "course": "soil", "lessons": 1_000 })).await?;
        page.sees("#node-many-1").await?;
        body(page).await
    })
    .await
}

#[tokio::test]
async fn few_of_a_thousand_rows_are_in_the_page_and_the_wheel_finds_each_of_them() -> anyhow::Result<()> {
    with_many(async |page| {
        let height = page.js("return document.querySelector('.tree').offsetHeight / 32", &[]).await?;
        ensure!(height == json!(1_010), "as high as all {height} rows");
        for percent in [0, 37, 100, 50, 3] {
            let scroll = "const area = document.querySelector('nav.sidebar-body');
                area.scrollTop = (area.scrollHeight - area.clientHeight) * arguments[0] / 100";
            page.js(scroll, &[json!(percent)]).await?;
            // What is under each point of the area is a row, or what comes behind the tree.
            let filled = "const area = document.querySelector('nav.sidebar-body').getBoundingClientRect();
                const end = Math.min(area.bottom, document.querySelector('.tree').getBoundingClientRect().bottom);
                const start = Math.max(area.top, document.querySelector('.tree').getBoundingClientRect().top);
                for (let y = start + 4; y < end - 4; y += 16)
                    if (!document.elementFromPoint(area.left + 60, y)?.closest('.tree-row')) return false;
                return true";
            page.wait(&format!("rows at {percent} percent"), filled, &[]).await?;
            let rows = page.js(ROWS, &[]).await?;
            ensure!(rows.as_u64().is_some_and(|rows| rows < 100), "{rows} rows");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_keyboard_reaches_rows_that_are_not_in_the_page() -> anyhow::Result<()> {
    with_many(async |page| {
        page.chord(&[Key::Control, Key::Shift], "o").await?;
        page.wait("the focus in the outline", FOCUS, &[]).await?;
        page.keys(Key::End).await?;
        page.wait("the last row", "return document.activeElement?.id === 'node-many-1000'", &[]).await?;
        page.wait("it is seen", SEEN, &[json!("many-1000")]).await?;
        page.keys(Key::Up).await?;
        page.wait("one up", "return document.activeElement?.id === 'node-many-999'", &[]).await?;
        page.keys("number 500").await?;
        page.wait("what was typed", "return document.activeElement?.id === 'node-many-500'", &[]).await?;
        page.wait("it is seen", SEEN, &[json!("many-500")]).await?;
        // The row with the focus stays in the page and keeps it, wherever the wheel goes.
        page.js("document.querySelector('nav.sidebar-body').scrollTop = 0", &[]).await?;
        page.sees("#node-part-1").await?;
        ensure!(page.js(FOCUS, &[]).await? == json!("many-500"));
        page.keys(Key::Down).await?;
        page.wait("one down", "return document.activeElement?.id === 'node-many-501'", &[]).await?;
        page.wait("it is seen again", SEEN, &[json!("many-501")]).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_open_lesson_is_in_view_when_its_course_is_shown_again() -> anyhow::Result<()> {
    with_many(async |page| {
        page.chord(&[Key::Control, Key::Shift], "o").await?;
        page.keys("number 700").await?;
        page.wait("the row", "return document.activeElement?.id === 'node-many-700'", &[]).await?;
        page.click("#node-many-700").await?;
        page.sees("[data-testid=lesson][data-lesson=many-700]").await?;
        for (course, place, lesson) in [("Notes on bread", 2, ""), ("Soil and water", 1, "many-700")] {
            page.click("[data-testid=course-switch]").await?;
            page.click(&format!("[data-testid=course-item]:nth-of-type({place})")).await?;
            page.reads("[data-testid=course-switch]", course).await?;
            if !lesson.is_empty() {
                page.sees(&format!("[data-testid=lesson][data-lesson={lesson}]")).await?;
                page.wait("it is seen", SEEN, &[json!(lesson)]).await?;
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_drag_that_rests_near_an_edge_goes_on_through_the_outline() -> anyhow::Result<()> {
    with_many(async |page| {
        let pointer = "const [kind, on, y] = arguments;
            const area = document.querySelector('nav.sidebar-body').getBoundingClientRect();
            document.querySelector(on).dispatchEvent(new PointerEvent(kind, { bubbles: true, cancelable: true,
                button: 0, buttons: 1, pointerId: 1, clientX: area.left + 80, clientY: area.top + y * area.height }))";
        let scrolled = "return document.querySelector('nav.sidebar-body').scrollTop > arguments[0]";
        page.js(pointer, &[json!("pointerdown"), json!("#node-many-3"), json!(0.4)]).await?;
        page.js(pointer, &[json!("pointermove"), json!(".tree"), json!(0.5)]).await?;
        page.sees("#node-many-3[data-dragged=true]").await?;
        page.js(pointer, &[json!("pointermove"), json!(".tree"), json!(0.995)]).await?;
        // The row itself has left the page by then.
        page.wait("many rows on", scrolled, &[json!(4_000)]).await?;
        page.js(pointer, &[json!("pointermove"), json!(".tree"), json!(0.5)]).await?;
        page.sees(".tree-row[data-drop]").await?;
        let over = "return document.querySelector('.tree-row[data-drop]').dataset.node";
        let over = page.js(over, &[]).await?;
        ensure!(over.as_str().is_some_and(|over| over.starts_with("many-1")), "{over}");
        page.js(pointer, &[json!("pointerup"), json!(".tree"), json!(0.5)]).await?;
        page.commanded("move_nodes", json!({ "nodes": ["many-3"], "to": "many" })).await
    })
    .await
}
