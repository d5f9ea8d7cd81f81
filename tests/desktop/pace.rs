//! How quick the window is: keys, remote keys, the outline, replacing. `cargo xtask bench app` runs these in release, ten
//! times each, and collects what they measure; here everything is small and nothing is timed.

use crate::support::app::{App, with_app};
use crate::support::author::Author;
use crate::support::load;
use anyhow::{Context, ensure};
use inkhorn_core::{Config, Core};
use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::NodeKind;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::server::Server;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use thirtyfour::prelude::*;

/// Time between two keys of somebody who types fast.
const KEY_EVERY: Duration = Duration::from_millis(60);

/// Where figures are to be written; only `cargo xtask bench app` asks for them.
fn figures() -> Option<PathBuf> {
    std::env::var_os("INKHORN_APP_DIR").map(PathBuf::from)
}

/// As many as it takes for a figure, or as few as it takes to see that it works.
fn many(measured: usize, otherwise: usize) -> usize {
    if figures().is_some() { measured } else { otherwise }
}

fn write(name: &str, figures: &Value) -> anyhow::Result<()> {
    let Some(folder) = self::figures() else { return Ok(()) };
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("app-{name}.json")), serde_json::to_vec(figures)?)?;
    Ok(())
}

/// A lesson of so many pages: 500 words each, with the blocks that lessons have.
fn pages(count: usize) -> String {
    let mut text = "# A long lesson\n\nFirst paragraph, where somebody writes.\n\n".to_owned();
    let words = "Soil holds water between its grains, and how much it holds decides what grows in it. ";
    for page in 0..count {
        writeln!(text, "## Page {page}\n").ok();
        for paragraph in 0..4 {
            writeln!(text, "{}*and* **so** on, part {paragraph}.\n", words.repeat(6)).ok();
        }
        writeln!(text, "- One thing\n- Another thing with `code`\n  - and a part of it\n").ok();
        writeln!(text, "> [!TIP]\n> {words}\n").ok();
        writeln!(text, "| Soil | Water |\n| --- | --- |\n| Sand | 10 % |\n| Clay | 40 % |\n").ok();
        writeln!(text, "```python\nfor grain in soil:\n    print(grain)\n```\n").ok();
    }
    text
}

/// Notes for each key when its letter was in the page and laid out, and when the next frame began.
const KEYS: &str = "
    window.keyProbe?.end();
    const prose = document.querySelector(arguments[0]);
    let pressed = null;
    const press = () => { pressed = performance.now(); };
    document.addEventListener('keydown', press, true);
    const watch = new MutationObserver(() => {
        if (pressed === null) return;
        const began = pressed;
        pressed = null;
        // After everything that the key caused in this turn.
        queueMicrotask(() => {
            prose.getBoundingClientRect();
            probe.laid.push(performance.now() - began);
            requestAnimationFrame(() => probe.framed.push(performance.now() - began));
        });
    });
    watch.observe(prose, { childList: true, characterData: true, subtree: true });
    const end = () => { watch.disconnect(); document.removeEventListener('keydown', press, true); };
    const probe = window.keyProbe = { laid: [], framed: [], end }";

/// Types so many letters, one at a time, and gives what was noted.
async fn type_letters(app: &App, count: usize) -> anyhow::Result<Value> {
    app.js("Object.assign(window.keyProbe, { laid: [], framed: [] })", &[]).await?;
    for number in 0..count {
        let letter = char::from(b'a' + u8::try_from(number % 26)?);
        app.keys(letter.to_string()).await?;
        tokio::time::sleep(KEY_EVERY).await;
    }
    app.wait("the frames", "return window.keyProbe.framed.length >= arguments[0]", &[json!(count)]).await?;
    app.js("return { laid: window.keyProbe.laid, framed: window.keyProbe.framed }", &[]).await
}

/// A course of one long lesson that is on a server, and the profile of its first author.
fn shared(server: &Server, length: usize) -> anyhow::Result<(Profile, String, NodeId)> {
    let (ada, folder) = (Profile::new()?, TempDir::new()?);
    std::fs::write(folder.path().join("long.md"), pages(length))?;
    let course = ada.last_line(&["import", &folder.path().to_string_lossy(), "--title", "Long"])?;
    ada.login(server, "ada@example.org")?;
    ada.run(&["share", &course])?;
    ada.sync()?;
    let lesson = of_kind(&ada.outline(&course)?, "lesson").first().context("no lesson")?.id.parse()?;
    Ok((ada, course, lesson))
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_in_a_long_lesson_alone_and_with_three_others_and_theirs_in_the_page() -> anyhow::Result<()> {
    let server = Server::start()?;
    let (ada, course, lesson) = shared(&server, many(20, 2))?;
    let (rounds, letters) = (many(10, 1), many(100, 5));
    with_app(ada.path(), async |app| {
        app.open_course("Long").await?;
        ensure!(app.open_lesson(lesson.as_str()).await? == "edit");
        app.write(" Here: ").await?;
        app.js(KEYS, &[json!(".prose")]).await?;
        let mut alone = Vec::new();
        for _ in 0..rounds {
            alone.push(type_letters(app, letters).await?);
        }
        let mut peer = Vec::new();
        if let Some(script) = std::env::var_os("INKHORN_PEER") {
            app.js(&std::fs::read_to_string(script)?, &[]).await?;
            app.wait("the peer", "return document.activeElement?.closest('#peer')", &[]).await?;
            app.js(KEYS, &[json!("#peer .ProseMirror")]).await?;
            for _ in 0..rounds {
                peer.push(type_letters(app, letters).await?);
            }
            let back = "document.getElementById('peer').remove(); document.getElementById('main').style.display = ''";
            app.js(back, &[]).await?;
            app.write("").await?;
            app.js(KEYS, &[json!(".prose")]).await?;
        }

        let mut authors = Vec::new();
        for name in 0..3 {
            authors.push(Author::join(&server, &course, &lesson, name).await?);
        }
        // Theirs: each word is looked for in the page, and the frame after it counts as seen.
        app.js(
            "const seen = window.remoteProbe = new Map();
             new MutationObserver(() => requestAnimationFrame(() => {
                 const text = document.querySelector('.prose').children[1].parentElement.textContent.slice(0, 4000);
                 for (const [word] of text.matchAll(/\\u00a7[0-9]+;/g))
                     if (!seen.has(word)) seen.set(word, performance.timeOrigin + performance.now());
             })).observe(document.querySelector('.prose'), { childList: true, characterData: true, subtree: true })",
            &[],
        )
        .await?;
        let mut told = Vec::new();
        let mut first = authors.pop().context("an author")?;
        for number in 0..rounds * many(20, 3) {
            told.push(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3);
            first.types(&format!("\u{a7}{number};")).await?;
            tokio::time::sleep(Duration::from_millis(120)).await;
        }
        let last = format!("\u{a7}{};", told.len() - 1);
        app.shows(&last).await?;
        app.wait("the last word to be drawn", "return window.remoteProbe.has(arguments[0])", &[json!(last)]).await?;
        let seen = app.js("return [...window.remoteProbe]", &[]).await?;
        let seen: Vec<(String, f64)> = serde_json::from_value(seen)?;
        let remote: Vec<f64> = told
            .iter()
            .enumerate()
            .filter_map(|(number, told)| {
                let word = format!("\u{a7}{number};");
                seen.iter().find(|(seen, _)| *seen == word).map(|(_, at)| at - told)
            })
            .collect();
        ensure!(remote.len() == told.len(), "{} of {} were seen", remote.len(), told.len());
        authors.push(first);

        let typing: Vec<_> = authors
            .into_iter()
            .map(|mut author| {
                tokio::spawn(async move {
                    loop {
                        author.types("x").await?;
                        tokio::time::sleep(KEY_EVERY * 2).await;
                    }
                    #[allow(unreachable_code, reason = "it names the type of the error")]
                    anyhow::Ok(())
                })
            })
            .collect();
        let mut together = Vec::new();
        for _ in 0..rounds {
            together.push(type_letters(app, letters).await?);
        }
        for author in &typing {
            ensure!(!author.is_finished(), "an author stopped typing");
            author.abort();
        }
        write("keys", &json!({ "alone": alone, "peer": peer, "together": together, "remote": remote }))
    })
    .await
}

/// A course of so many lessons, each with the word "moisture" twice.
async fn large_course(lessons: usize) -> anyhow::Result<TempDir> {
    let (profile, folder) = (TempDir::new()?, TempDir::new()?);
    for lesson in 0..lessons {
        let chapter = folder.path().join(format!("{:03}-chapter", lesson / 50));
        std::fs::create_dir_all(&chapter)?;
        let words = "Soil **moisture** is measured here, in words that lessons have. ".repeat(2);
        std::fs::write(chapter.join(format!("{lesson:04}.md")), format!("# Lesson {lesson}\n\n{words}\n"))?;
    }
    let core = Core::open(Config::offline(profile.path(), "a test")).await?;
    core.import_folder(folder.path(), Some("Large".to_owned())).await?;
    let another = core.create_course("Another").await?;
    core.add(&another, NodeKind::Chapter, None, None, "A chapter").await?;
    core.close().await;
    Ok(profile)
}

/// Opens the course by its card, and gives the milliseconds until its rows were laid out, and until the frame after that.
const OPEN: &str = "
    const done = arguments[arguments.length - 1];
    const card = [...document.querySelectorAll('[data-testid=course-card], [data-testid=open-course]')]
        .find(one => one.textContent.includes('Large'));
    const button = card.matches('button') ? card : card.querySelector('button') ?? card;
    const began = performance.now();
    const look = new MutationObserver(() => {
        if (document.querySelectorAll('[data-testid=node]').length < arguments[0]) return;
        look.disconnect();
        document.querySelector('.tree').getBoundingClientRect();
        const laid = performance.now() - began;
        requestAnimationFrame(() => done([laid, performance.now() - began]));
    });
    look.observe(document.body, { childList: true, subtree: true });
    button.click()";

#[tokio::test(flavor = "multi_thread")]
async fn an_outline_of_a_thousand_lessons_opens_is_dragged_in_and_searched() -> anyhow::Result<()> {
    let lessons = many(1_000, 60);
    let profile = large_course(lessons).await?;
    let rounds = many(10, 1);
    with_app(profile.path(), async |app| {
        app.open_course("Another").await?;
        let rest = Duration::from_secs(if figures().is_some() { 5 } else { 0 });
        let (mut opened, mut open) = (Vec::new(), 0);
        for round in 0..rounds {
            app.js("document.querySelector('[data-testid=course-switch]')?.click()", &[]).await?;
            app.wait(
                "the list of courses",
                "const all = document.querySelector('[data-testid=all-courses]');
                 if (all) all.click();
                 return !!document.querySelector('[data-testid=course-card]') && !document.querySelector('.tree')",
                &[],
            )
            .await?;
            opened.push(app.js_async(OPEN, &[json!(12)]).await?);
            if round == 0 {
                tokio::time::sleep(rest).await;
                open = load::proportional(profile.path())?;
            }
        }
        let (mut drags, mut searches) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            drags.push(drag(app).await?);
            searches.push(replace(app, round, lessons).await?);
        }
        tokio::time::sleep(rest).await;
        let pss = json!({ "open": open, "used": load::proportional(profile.path())? });
        write("outline", &json!({ "opened": opened, "drags": drags, "searches": searches, "pss": pss }))
    })
    .await
}

/// Drags a row up and down the visible outline, and gives the frame intervals meanwhile.
async fn drag(app: &App) -> anyhow::Result<Value> {
    app.js(
        "const frames = window.dragFrames = [];
         let last = performance.now();
         window.dragging = true;
         const frame = () => {
             const now = performance.now();
             frames.push(now - last);
             last = now;
             if (window.dragging) requestAnimationFrame(frame);
         };
         requestAnimationFrame(frame)",
        &[],
    )
    .await?;
    let row = app.driver.find(By::Css(".tree-row[data-kind=lesson]")).await?;
    let spot = app
        .js(
            "const row = arguments[0].getBoundingClientRect();
             const handle = (arguments[0].querySelector('.tree-handle') ?? arguments[0]).getBoundingClientRect();
             const area = document.querySelector('nav.sidebar-body').getBoundingClientRect();
             return [handle.x + handle.width / 2, handle.y + handle.height / 2, row.x + 60, area.y + 30, area.bottom - 60]",
            &[row.to_json()?],
        )
        .await?;
    let [x, y, along, top, bottom] = serde_json::from_value::<[f64; 5]>(spot)?;
    #[allow(clippy::cast_possible_truncation, reason = "pixels of a window")]
    let at = |x: f64, y: f64| (x as i64, y as i64);
    let (px, py) = at(x, y);
    let mut chain =
        app.driver.action_chain_with_delay(Some(Duration::from_millis(1)), Some(Duration::from_millis(12)));
    chain = chain.move_to(px, py).click_and_hold();
    let steps = many(60, 10);
    for step in 0..steps {
        #[allow(clippy::cast_precision_loss, reason = "a few dozen")]
        let part = (step as f64 / steps as f64 * std::f64::consts::TAU).sin().abs();
        let (px, py) = at(along, top + (bottom - top) * part);
        chain = chain.move_to(px, py);
    }
    // Back to where it was: nothing is moved.
    chain.move_to(px, py).release().perform().await?;
    app.js("window.dragging = false; return window.dragFrames", &[]).await
}

/// Looks for a word in the course and replaces it everywhere; milliseconds of both, each until the window says so.
async fn replace(app: &App, round: usize, lessons: usize) -> anyhow::Result<Value> {
    let (what, with) =
        if round.is_multiple_of(2) { ("moisture", "humidity") } else { ("humidity", "moisture") };
    app.chord(&[Key::Control, Key::Shift], "f").await?;
    app.wait("the field", "return document.activeElement?.id === 'find-in-course'", &[]).await?;
    app.js(
        "const set = (css, text) => {
             const field = document.querySelector(css);
             field.value = text;
             field.dispatchEvent(new Event('input', { bubbles: true }));
         };
         set('[data-testid=course-find-with]', arguments[1]);
         window.findProbe = {};
         const began = performance.now();
         const wanted = arguments[2];
         const look = new MutationObserver(() => {
             if (!document.querySelector('[data-testid=course-find-count]')?.textContent.startsWith(wanted)) return;
             look.disconnect();
             document.body.getBoundingClientRect();
             window.findProbe.found = performance.now() - began;
         });
         look.observe(document.body, { childList: true, characterData: true, subtree: true });
         set('[data-testid=course-find-what]', arguments[0])",
        &[json!(what), json!(with), json!(format!("{} places in {lessons} lessons", lessons * 2))],
    )
    .await?;
    app.wait("what was found", "return window.findProbe.found", &[]).await?;
    let button = "const button = document.querySelector('[data-testid=course-find-replace-all]');
         return button && !button.disabled";
    app.wait("the button", button, &[]).await?;
    app.js(
        "const began = performance.now();
         const look = new MutationObserver(() => {
             if (!document.querySelector('[data-testid=course-find-done]')?.textContent.includes('Replaced')) return;
             look.disconnect();
             document.body.getBoundingClientRect();
             window.findProbe.replaced = performance.now() - began;
         });
         look.observe(document.body, { childList: true, characterData: true, subtree: true });
         document.querySelector('[data-testid=course-find-replace-all]').click()",
        &[],
    )
    .await?;
    app.wait("what was replaced", "return window.findProbe.replaced", &[]).await?;
    let done =
        app.js("return document.querySelector('[data-testid=course-find-done]').textContent", &[]).await?;
    ensure!(done.as_str().is_some_and(|text| text.contains(&format!("{} places", lessons * 2))), "{done}");
    let probe = app.js("return window.findProbe", &[]).await?;
    app.keys(Key::Escape).await?;
    app.js("document.querySelector('[data-testid=find-panel] .panel-head .icon-button')?.click()", &[])
        .await?;
    app.wait("the panel to close", "return !document.querySelector('[data-testid=find-panel]')", &[]).await?;
    Ok(probe)
}
