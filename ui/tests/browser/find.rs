//! Find and replace in the course.

use crate::support::with_page;
use anyhow::ensure;
use serde_json::json;
use thirtyfour::prelude::*;

const FOCUS: &str = "return document.activeElement?.id === 'find-in-course'";

#[tokio::test]
async fn a_course_is_looked_through_while_one_types_and_replaced_when_one_says_so() -> anyhow::Result<()> {
    with_page(async |page| {
        page.chord(&[Key::Control, Key::Shift], "f").await?;
        page.wait("the caret in the field", FOCUS, &[]).await?;
        page.keys("Silt").await?;
        page.reads("[data-testid=course-find-count]", "1 place in 1 lesson").await?;
        page.reads("[data-testid=course-find-results]", "Sand, silt and clay").await?;
        // Each letter is not a question: what is asked for is what stands there when the keyboard rests.
        page.click("[aria-label='Match capital letters']").await?;
        page.reads("[data-testid=course-find-count]", "Not in any of").await?;
        page.click("[aria-label='Match capital letters']").await?;
        page.reads("[data-testid=course-find-count]", "1 place in 1 lesson").await?;

        page.click("[data-testid=course-find-with]").await?;
        page.keys("Grain").await?;
        page.click("[data-testid=course-find-replace-all]").await?;
        page.reads("[data-testid=course-find-done]", "Replaced 1 place in 1 lesson. Saved on this computer.").await?;
        page.commanded(
            "replace",
            json!({ "needle": { "text": "Silt", "match_case": false, "whole_word": false, "pattern": false }, "with": "Grain" }),
        )
        .await?;
        page.reads("#node-texture", "Sand, Grain and clay").await?;
        page.sees("[data-testid=course-find-undo]").await
    })
    .await
}

#[tokio::test]
async fn a_place_opens_its_lesson_escape_closes_and_a_bad_pattern_is_said() -> anyhow::Result<()> {
    with_page(async |page| {
        page.menu("find-item").await?;
        page.wait("the caret in the field", FOCUS, &[]).await?;
        page.click("[aria-label='Regular expression']").await?;
        page.click("[data-testid=find-panel] input[type=search]").await?;
        page.keys("(").await?;
        page.reads("[data-testid=course-find-trouble]", "not a regular expression").await?;
        page.keys(Key::Backspace).await?;
        page.sees_no("[data-testid=course-find-trouble]").await?;
        page.click("[aria-label='Regular expression']").await?;
        page.click("[data-testid=find-panel] input[type=search]").await?;
        page.keys("Silt").await?;
        page.click("[data-testid=course-find-lesson] .course-find-place").await?;
        page.sees("[data-testid=lesson][data-lesson=texture]").await?;
        // The bar of the lesson shows them in the text, and has the caret.
        page.sees("[data-testid=find-bar]:not([hidden])").await?;
        page.chord(&[Key::Control, Key::Shift], "f").await?;
        page.wait("the caret in the field", FOCUS, &[]).await?;
        ensure!(page.text("[data-testid=find-panel]").await?.contains("silt"), "what was found stays");
        page.keys(Key::Escape).await?;
        page.sees_no("[data-testid=find-panel]").await
    })
    .await
}
