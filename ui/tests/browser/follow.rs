//! Carets of others in the text, and going with a person from lesson to lesson.

use crate::support::{Page, with_page};
use anyhow::ensure;
use serde_json::{Value, json};
use thirtyfour::Key;

/// Ada is in this lesson of the course.
async fn ada_is_in(page: &Page, lesson: Option<&str>) -> anyhow::Result<()> {
    let ada = json!({ "client": 4001, "name": "Ada Berg", "hue": 3, "lesson": lesson });
    page.mock(json!({ "do": "peers", "course": "soil", "peers": [ada] })).await.map(drop)
}

/// Her caret is at the end of a lesson; each word of her there brings new text with it.
async fn ada_writes(page: &Page, lesson: &str, lines: usize) -> anyhow::Result<()> {
    for line in 0..lines {
        let text = format!("Line {line}");
        page.mock(json!({ "do": "write", "lesson": lesson, "text": text })).await?;
    }
    let end = json!({ "tname": "body", "assoc": 0 });
    let caret =
        json!({ "client": 4001, "name": "Ada Berg", "hue": 3, "cursor": { "anchor": end, "head": end } });
    page.mock(json!({ "do": "carets", "lesson": lesson, "carets": [caret] })).await.map(drop)
}

/// How far the lesson is scrolled, once it stands still, and how far it can be.
async fn scrolled(page: &Page) -> anyhow::Result<(f64, f64)> {
    page.settled().await?;
    let script = "const done = arguments[arguments.length - 1];
        const at = document.querySelector('.scroll');
        let before = -1;
        const look = () => at.scrollTop === before ? done([before, at.scrollHeight - at.clientHeight]) : (before = at.scrollTop, setTimeout(look, 150));
        look();";
    let both = page.js_async(script, &[]).await?;
    Ok((both[0].as_f64().unwrap_or(-1.0), both[1].as_f64().unwrap_or(-1.0)))
}

const ADA: &str = "[data-testid=avatars] .avatar-button";

#[tokio::test]
async fn the_caret_of_a_person_is_drawn_in_their_colour_and_moves_no_letter() -> anyhow::Result<()> {
    with_page(async |page| {
        let boxes = "return JSON.stringify([...document.querySelectorAll('.prose > *')].map(it => {
            const { x, y, width, height } = it.getBoundingClientRect(); return [x, y, width, height] }))";
        let before = page.js(boxes, &[]).await?;
        let text = page.mock(json!({ "do": "text", "lesson": "layers" })).await?;
        ada_is_in(page, Some("layers")).await?;
        ada_writes(page, "layers", 0).await?;
        page.sees(".prose .caret-name[data-name='Ada Berg']").await?;
        ensure!(page.js(boxes, &[]).await? == before, "the text moved");
        let looks = page
            .js(
                "const bar = getComputedStyle(document.querySelector('.caret-bar'));
                 const probe = document.createElement('i');
                 probe.style.color = 'var(--peer-4)';
                 document.body.append(probe);
                 const hue = getComputedStyle(probe).color;
                 probe.remove();
                 const caret = document.querySelector('.caret');
                 return [bar.backgroundColor === hue, bar.width, caret.contentEditable, getComputedStyle(caret).userSelect]",
                &[],
            )
            .await?;
        ensure!(looks == json!([true, "2px", "false", "none"]), "{looks}");
        page.wait("the name fades", "return getComputedStyle(document.querySelector('.caret-name')).opacity === '0'", &[]).await?;
        ensure!(page.mock(json!({ "do": "text", "lesson": "layers" })).await? == text);
        // Who is here is told where the caret is; who leaves is gone.
        page.click(".prose > p").await?;
        let told = "return JSON.parse(window.inkhornMock('{\"do\":\"log\"}')).some(([name, args]) => name === 'set_caret'
            && args.lesson === 'layers' && args.client > 0 && args.cursor?.head)";
        page.wait("the caret is told", told, &[]).await?;
        page.mock(json!({ "do": "carets", "lesson": "layers", "carets": [] })).await?;
        page.sees_no(".prose .caret").await
    })
    .await
}

#[tokio::test]
async fn the_window_goes_where_the_followed_person_goes_and_keeps_their_caret_in_sight() -> anyhow::Result<()>
{
    with_page(async |page| {
        ada_is_in(page, Some("moisture")).await?;
        page.click(ADA).await?;
        page.sees("[data-testid=lesson][data-lesson=moisture][data-mode=edit]").await?;
        page.reads("[data-testid=following]", "Following Ada Berg").await?;
        ada_is_in(page, Some("field")).await?;
        page.sees("[data-testid=lesson][data-lesson=field][data-mode=edit]").await?;
        ada_writes(page, "field", 60).await?;
        page.sees(".prose .caret").await?;
        let (at, most) = scrolled(page).await?;
        ensure!(most > 500.0 && at > most - 300.0, "scrolled {at} of {most}");
        // Without a lesson, away, and back: it waits, and opens nothing by itself.
        ada_is_in(page, None).await?;
        page.reads("[data-testid=following]", "who has no lesson open").await?;
        page.mock(json!({ "do": "peers", "course": "soil", "peers": [] })).await?;
        page.reads("[data-testid=following]", "who is not in this course now").await?;
        ada_is_in(page, Some("not-here")).await?;
        page.reads("[data-testid=following]", "has not arrived here yet").await?;
        page.sees("[data-testid=lesson][data-lesson=field]").await?;
        ada_is_in(page, Some("texture")).await?;
        page.sees("[data-testid=lesson][data-lesson=texture]").await?;
        // Following only reads: what is told of this window is where it went, each once.
        page.settled().await?;
        let log = page.mock(json!({ "do": "log" })).await?;
        let went: Vec<&Value> =
            log.as_array().into_iter().flatten().filter(|it| it[0] == "set_presence").collect();
        let went: Vec<_> = went.iter().filter_map(|it| it[1]["lesson"].as_str()).collect();
        ensure!(went == ["layers", "moisture", "field", "texture"], "{went:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn following_ends_with_what_the_user_does_and_begins_by_keyboard() -> anyhow::Result<()> {
    with_page(async |page| {
        ada_is_in(page, Some("layers")).await?;
        let follows = async || -> anyhow::Result<()> {
            page.sees(ADA).await?;
            page.js("document.querySelector(arguments[0]).focus()", &[json!(ADA)]).await?;
            page.keys(Key::Enter).await?;
            page.sees("[data-testid=following]").await?;
            page.sees("[data-testid=avatars] [aria-pressed=true]").await?;
            page.settled().await
        };
        let ended = async |by: &str| -> anyhow::Result<()> {
            page.sees_no("[data-testid=following]").await.map_err(|error| error.context(by.to_owned()))
        };
        follows().await?;
        page.keys(Key::Enter).await?;
        ended("the same button").await?;
        follows().await?;
        page.keys(Key::Escape).await?;
        ended("Escape").await?;
        follows().await?;
        page.click("[data-testid=stop-following]").await?;
        ended("the bar's button").await?;
        follows().await?;
        page.js("document.querySelector('.prose').dispatchEvent(new WheelEvent('wheel', { deltaY: 90, bubbles: true }))", &[]).await?;
        ended("the wheel").await?;
        page.click(".prose > p").await?;
        follows().await?;
        page.js("document.querySelector('.prose').focus()", &[]).await?;
        page.keys("x").await?;
        ended("typing").await?;
        follows().await?;
        page.click("#node-texture").await?;
        ended("another lesson").await?;
        page.sees("[data-testid=lesson][data-lesson=texture]").await
    })
    .await
}
