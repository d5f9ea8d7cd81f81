//! A storm of events in the real window, from a server that follows a script: the window goes on drawing, asks for one
//! thing at a time, is told in few batches, and ends with the last state.
//!
//! `cargo xtask bench storm` runs these in release with the whole storm and collects what they measure; here the storm is
//! short and nothing is timed.

use crate::support::app::with_app;
use crate::support::load::{self, Load};
use anyhow::{Context, ensure};
use inkhorn_core::{Config, Core};
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use inkhorn_protocol::{CourseId, NodeId};
use inkhorn_testkit::scripted::{Script, Scripted};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Batches of a window: one a frame of 60 a second. What is counted begins and ends amid a frame.
const BATCHES_PER_SECOND: f64 = 60.0;

/// Counts what reaches the page and what it asks for, and notes when each frame was drawn. Wraps what Tauri keeps its
/// callbacks in, and `fetch`, by which it sends; changes neither.
const PROBE: &str = "
    const probe = window.stormProbe = { frames: [], seen: null, batches: 0, bytes: 0, queries: 0, most: 0 };
    const { callbacks } = window.__TAURI_INTERNALS__;
    for (const [id, callback] of [...callbacks]) {
        callbacks.set(id, (data) => {
            if (data && typeof data === 'object' && 'index' in data && 'message' in data)
                probe[data.message instanceof ArrayBuffer ? 'bytes' : 'batches'] += 1;
            return callback(data);
        });
    }
    const [flying, send] = [new Map(), window.fetch];
    window.fetch = (url, options) => {
        const answer = send(url, options);
        if (!String(url).endsWith('/query')) return answer;
        const key = String(options.body);
        flying.set(key, (flying.get(key) ?? 0) + 1);
        probe.queries += 1;
        probe.most = Math.max(probe.most, flying.get(key));
        const landed = () => flying.set(key, flying.get(key) - 1);
        answer.then(landed, landed);
        return answer;
    };
    let last = performance.now();
    const frame = () => {
        const now = performance.now();
        probe.frames.push(now - last);
        last = now;
        const wanted = probe.wanted;
        if (wanted && probe.seen === null && document.querySelector('.prose')?.textContent.includes(wanted))
            probe.seen = performance.timeOrigin + now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame)";

/// How large a storm is.
struct Size {
    lessons: usize,
    events: usize,
    per_second: u32,
}

/// Where figures are to be written; only `cargo xtask bench storm` asks for them.
fn figures() -> Option<PathBuf> {
    std::env::var_os("INKHORN_STORM_DIR").map(PathBuf::from)
}

fn size(lessons: usize, short: usize) -> Size {
    match figures() {
        Some(_) => Size { lessons, events: 100_000, per_second: 10_000 },
        None => Size { lessons: lessons.min(60), events: short, per_second: 2_000 },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_for_the_open_lesson_ends_with_its_last_words() -> anyhow::Result<()> {
    storm("one", &size(1, 4_000)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_over_many_lessons_ends_with_the_last_words_of_the_open_one() -> anyhow::Result<()> {
    storm("many", &size(1_000, 2_000)).await
}

async fn storm(name: &str, size: &Size) -> anyhow::Result<()> {
    let server = Scripted::start().await?;
    let (profile, _, lessons) = shared_course(&server, size.lessons).await?;
    let script = Script { lessons: lessons.clone(), events: size.events, per_second: size.per_second };
    with_app(profile.path(), async |app| {
        app.open_course("Storm").await?;
        ensure!(app.open_lesson(&lessons[0].to_string()).await? == "edit", "the lesson cannot be edited");
        server.opened(&lessons[0]).await;
        app.js(PROBE, &[]).await?;
        // Once before it counts: what the page compiles and keeps from the first event on is not growth.
        let first = Script { events: script.lessons.len().max(200), ..script.clone() };
        server.play(&first).await?;
        app.shows(&first.last_words(0)).await?;
        tokio::time::sleep(Duration::from_secs(if figures().is_some() { 3 } else { 0 })).await;

        let words = script.last_words(0);
        app.js("Object.assign(window.stormProbe, { frames: [], seen: null, batches: 0, bytes: 0, queries: 0, most: 0, wanted: arguments[0] })", &[json!(words)]).await?;
        let load = Load::begin(profile.path())?;
        let started = Instant::now();
        let told = server.play(&script).await?;
        app.shows(&words).await?;
        let lasted = started.elapsed();
        let measured = load.end();
        let probe = app.js("return window.stormProbe", &[]).await?;

        let most = lasted.as_secs_f64() * BATCHES_PER_SECOND + 2.0;
        for kind in ["batches", "bytes"] {
            let count = probe[kind].as_f64().unwrap_or(f64::MAX);
            ensure!(count <= most, "{count} {kind} in {lasted:?}, at most {most:.0}");
        }
        ensure!(probe["most"].as_u64().is_some_and(|most| most <= 1), "more than one question for a key: {probe}");
        if let Some(folder) = figures() {
            tokio::time::sleep(Duration::from_secs(3)).await;
            let once = load::memory(profile.path())?;
            let grown = measured.grown(&once);
            // The page's heap takes room before it collects anything. Whether it keeps what a storm brought shows in another.
            let second = Script { events: script.events + script.lessons.len(), ..script.clone() };
            server.play(&second).await?;
            app.shows(&second.last_words(0)).await?;
            tokio::time::sleep(Duration::from_secs(3)).await;
            let again = once.grown(&load::memory(profile.path())?);
            let load = json!({ "work_ms": measured.work_ms, "grown": grown, "grown_again": again });
            write(&folder, name, &script, &told, lasted, &probe, &load)?;
        }
        Ok(())
    })
    .await
}

/// A profile with a course of so many lessons, shared to the scripted server and signed in there.
async fn shared_course(
    server: &Scripted,
    lessons: usize,
) -> anyhow::Result<(TempDir, CourseId, Vec<NodeId>)> {
    let (profile, folder) = (TempDir::new()?, TempDir::new()?);
    for lesson in 0..lessons {
        let chapter = folder.path().join(format!("{:03}-chapter", lesson / 50));
        std::fs::create_dir_all(&chapter)?;
        std::fs::write(
            chapter.join(format!("{lesson:04}-lesson.md")),
            format!("# Lesson {lesson}\n\nA few words.\n"),
        )?;
    }
    let core = Core::open(Config::offline(profile.path(), "a test")).await?;
    let (course, _) = core.import_folder(folder.path(), Some("Storm".to_owned())).await?;
    core.login(&server.url(), Scripted::TOKEN, false).await?;
    core.share(&course).await?;
    core.sync(Duration::from_secs(120)).await?;
    let mut found = Vec::new();
    collect(&core.outline(&course).await?.nodes, &mut found);
    ensure!(found.len() == lessons, "{} lessons", found.len());
    core.close().await;
    Ok((profile, course, found))
}

fn collect(nodes: &[OutlineNode], found: &mut Vec<NodeId>) {
    for node in nodes {
        if node.kind == NodeKind::Lesson {
            found.push(node.id.clone());
        }
        collect(&node.children, found);
    }
}

/// Raw figures, for the report of `inkhorn-bench storm`.
fn write(
    folder: &Path,
    name: &str,
    script: &Script,
    told: &[SystemTime],
    lasted: Duration,
    probe: &Value,
    load: &Value,
) -> anyhow::Result<()> {
    let ms = |at: &SystemTime| Ok::<_, anyhow::Error>(at.duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3);
    let (first, last) = (ms(told.first().context("no event")?)?, ms(told.last().context("no event")?)?);
    // The lesson that is open is the first of the script: what is shown last is its own last event.
    let of_the_open_one = told.iter().step_by(script.lessons.len()).next_back().context("no event")?;
    let figures = json!({
        "events": script.events,
        "keys": script.lessons.len(),
        "told_seconds": (last - first) / 1e3,
        "lasted_seconds": lasted.as_secs_f64(),
        "last_told_ms": ms(of_the_open_one)?,
        "probe": probe,
        "load": load,
    });
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(format!("storm-{name}.json")), serde_json::to_vec(&figures)?)?;
    Ok(())
}

/// News of 20 lessons, and what the page asks for then: until the projection is in the page.
const NEWS: &str = "
    const [lessons, course] = arguments;
    const news = window.newsProbe = { shown: [], asking: new Set() };
    const { invoke, callbacks } = window.__TAURI_INTERNALS__;
    const clock = () => performance.timeOrigin + performance.now();
    const ask = async (key) => {
        const told = clock();
        const reply = await invoke('query', { key });
        if (reply.data) news.shown.push([key.lesson, reply.data.version, told, clock()]);
    };
    for (const [id, callback] of [...callbacks]) {
        callbacks.set(id, (data) => {
            if (data?.message?.message === 'stale')
                for (const key of data.message.keys)
                    if (key.query === 'lesson' && lessons.includes(key.lesson)) ask(key);
            return callback(data);
        });
    }
    // The page closes what it does not show, and the news of a closed lesson take another way: here all are held open.
    const [send, headers] = [window.fetch, { 'tauri-response': 'ok', 'content-type': 'application/json' }];
    window.fetch = (url, options) =>
        String(url).endsWith('/lesson_close')
            ? Promise.resolve(new Response('null', { headers }))
            : send(url, options);
    const done = arguments[arguments.length - 1];
    (async () => {
        for (const lesson of lessons) {
            await invoke('lesson_open', new Uint8Array([0]), { headers: { 'inkhorn-lesson': lesson } });
            const key = { query: 'lesson', course, lesson };
            await invoke('observe', { key });
            await ask(key);
        }
        done(news.shown);
    })().catch((error) => done(String(error)))";

#[tokio::test(flavor = "multi_thread")]
async fn news_of_twenty_lessons_reach_the_page_as_projections_each_version_in_turn() -> anyhow::Result<()> {
    const LESSONS: usize = 20;
    let server = Scripted::start().await?;
    let (profile, course, lessons) = shared_course(&server, LESSONS).await?;
    let events = if figures().is_some() { 600 } else { 60 };
    let script = Script { lessons: lessons.clone(), events, per_second: 20 };
    with_app(profile.path(), async |app| {
        app.open_course("Storm").await?;
        app.lesson().await?;
        let ids: Vec<String> = lessons.iter().map(ToString::to_string).collect();
        let before = app.js_async(NEWS, &[json!(ids), json!(course)]).await?;
        for lesson in &lessons {
            server.opened(lesson).await;
        }
        let shown: Vec<(String, u64, f64, f64)> =
            serde_json::from_value(before.clone()).with_context(|| before.to_string())?;
        // A lesson is shown again where its first answer came from before it was observed.
        let mut before = BTreeMap::new();
        for (lesson, version, ..) in shown {
            let newest: &mut u64 = before.entry(lesson).or_default();
            *newest = version.max(*newest);
        }
        ensure!(before.len() == LESSONS, "{before:?}");
        app.js("window.newsProbe.shown = []", &[]).await?;
        let told = server.play(&script).await?;
        // The version that each lesson ends with.
        let ends: Vec<Value> = before
            .iter()
            .map(|(lesson, version)| json!([lesson, version + (events / LESSONS) as u64]))
            .collect();
        app.wait(
            "the last versions in the page",
            "return arguments[0].every(([lesson, version]) =>
                 window.newsProbe.shown.some(([shown, is]) => shown === lesson && is >= version))",
            &[json!(ends)],
        )
        .await?;
        let shown: Vec<(String, u64, f64, f64)> =
            serde_json::from_value(app.js("return window.newsProbe.shown", &[]).await?)?;
        let (mut took, mut told_ms) = (Vec::new(), Vec::new());
        for (event, told) in told.iter().enumerate() {
            let lesson = &ids[event % LESSONS];
            let version = before.get(lesson).context("asked before")? + (event / LESSONS) as u64 + 1;
            let (.., asked, seen) =
                shown.iter().find(|(id, is, ..)| id == lesson && *is >= version).context("not shown")?;
            let left = told.duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
            told_ms.push(asked - left);
            took.push(seen - left);
        }
        if let Some(folder) = figures() {
            std::fs::create_dir_all(&folder)?;
            std::fs::write(
                folder.join("storm-news.json"),
                serde_json::to_vec(&json!({ "took_ms": took, "told_ms": told_ms }))?,
            )?;
        }
        Ok(())
    })
    .await
}
