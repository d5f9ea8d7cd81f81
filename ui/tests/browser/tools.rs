//! The tools of the editor in a real browser: find, the handle of a block, its menu.

use crate::support::with_page;
use anyhow::ensure;
use serde_json::json;
use thirtyfour::prelude::*;

#[tokio::test]
async fn find_opens_from_anywhere_and_gives_the_keyboard_back() -> anyhow::Result<()> {
    with_page(async |page| {
        page.chord(&[Key::Control, Key::Shift], "o").await?;
        page.chord(&[Key::Control], "f").await?;
        page.wait(
            "the keyboard in the bar",
            "return document.activeElement?.dataset?.testid === 'find-field'",
            &[],
        )
        .await?;
        page.keys("e").await?;
        page.wait(
            "a count",
            "return /^1 of \\d+$/.test(document.querySelector('[data-testid=find-count]').textContent)",
            &[],
        )
        .await?;
        page.keys(Key::Enter).await?;
        page.wait(
            "the second one",
            "return /^2 of/.test(document.querySelector('[data-testid=find-count]').textContent)",
            &[],
        )
        .await?;
        ensure!(
            page.js("return document.querySelectorAll('.prose .found-here').length", &[]).await? == json!(1)
        );
        page.keys(Key::Escape).await?;
        page.sees_no("[data-testid=find-bar]:not([hidden])").await?;
        page.wait(
            "the keyboard in the text",
            "return document.activeElement?.classList.contains('prose')",
            &[],
        )
        .await
        .map(|_| ())
    })
    .await
}

#[tokio::test]
async fn a_block_is_moved_by_keys_and_dragged_by_its_handle() -> anyhow::Result<()> {
    with_page(async |page| {
        let order = "return [...document.querySelectorAll('.prose > *')].map(it => it.textContent)";
        page.click(".prose > p").await?;
        let before = page.js(order, &[]).await?;
        page.chord(&[Key::Alt, Key::Shift], Key::Down).await?;
        page.wait(
            "another order",
            "return JSON.stringify([...document.querySelectorAll('.prose > *')].map(it => it.textContent)) !== JSON.stringify(arguments[0])",
            &[before.clone()],
        )
        .await?;
        page.chord(&[Key::Control], "z").await?;
        page.wait(
            "the order from before",
            "return JSON.stringify([...document.querySelectorAll('.prose > *')].map(it => it.textContent)) === JSON.stringify(arguments[0])",
            &[before.clone()],
        )
        .await?;
        page.sees("[data-testid=block-handle]").await?;
        let handle = page.driver.find(By::Css("[data-testid=block-handle]")).await?;
        let last = page.driver.find(By::Css(".prose > :last-child")).await?;
        page.driver
            .action_chain()
            .move_to_element_center(&handle)
            .click_and_hold()
            .move_by_offset(20, 20)
            .move_to_element_center(&last)
            .move_by_offset(0, 8)
            .release()
            .perform()
            .await?;
        page.wait(
            "another order",
            "return JSON.stringify([...document.querySelectorAll('.prose > *')].map(it => it.textContent)) !== JSON.stringify(arguments[0])",
            &[before],
        )
        .await?;
        page.chord(&[Key::Control, Key::Shift], ".").await?;
        page.sees("[data-testid=block-menu] [role=menuitemradio]").await?;
        page.keys(Key::Escape).await?;
        page.sees_no("[data-testid=block-menu]:not([hidden])").await
    })
    .await
}
