//! Letters that are composed while others write: the input method of GTK itself (Ctrl+Shift+U and the number of a sign),
//! with its unfinished text in the window, driven by keys alone.

use crate::support::app::{App, with_app};
use crate::support::author::{Author, shared_by_ada};
use anyhow::{Context, ensure};
use inkhorn_protocol::NodeId;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::server::Server;
use serde_json::json;
use std::time::Duration;
use thirtyfour::Key;

/// Paragraph of the peer, in which Ada writes too.
const THEIRS: &str = "Words of Ben";

/// Notes how compositions end, what goes wrong in the page, and the bytes that reach it from others. What arrives while a
/// word is composed is held back by the editor, so the text does not tell that it is here.
const WATCH: &str = "const seen = window.composed = { ended: [], wrong: [], arrived: '' };
    const { callbacks } = window.__TAURI_INTERNALS__;
    for (const [id, callback] of [...callbacks]) {
        callbacks.set(id, (data) => {
            if (data?.message instanceof ArrayBuffer) seen.arrived += new TextDecoder('latin1').decode(data.message);
            return callback(data);
        });
    }
    document.addEventListener('compositionend', event => { if (event.data) seen.ended.push(event.data) }, true);
    addEventListener('error', event => seen.wrong.push(String(event.message)));
    addEventListener('unhandledrejection', event => seen.wrong.push(String(event.reason)))";

/// The caret behind the paragraph with this text.
const BEHIND: &str = "const block = [...document.querySelectorAll('.prose > p')].find(one => one.textContent === arguments[0]);
    if (!block) return false;
    document.querySelector('.prose').focus();
    getSelection().selectAllChildren(block);
    getSelection().collapseToEnd();
    return true";

/// Text of the caret's paragraph before and behind the caret.
const AROUND: &str = "const at = getSelection();
    const block = at.anchorNode?.parentElement?.closest('.prose > p') ?? at.anchorNode?.closest?.('.prose > p');
    if (!block) return null;
    const range = document.createRange();
    range.selectNodeContents(block);
    range.setEnd(at.anchorNode, at.anchorOffset);
    return range.toString() + '|' + block.textContent.slice(range.toString().length)";

/// Ada in front of her window, Ben elsewhere, both in a lesson in whose second paragraph Ben has written.
struct Lesson {
    ada: Profile,
    ben: Author,
    id: NodeId,
    _server: Server,
}

impl Lesson {
    async fn shared() -> anyhow::Result<Self> {
        let server = Server::start()?;
        let (ada, course) = shared_by_ada(&server, "Shared course")?;
        let id: NodeId =
            of_kind(&ada.outline(&course)?, "lesson").first().context("no lesson")?.id.parse()?;
        let mut ben = Author::join(&server, &course, &id, 1).await?;
        ben.types(THEIRS).await?;
        Ok(Self { ada, ben, id, _server: server })
    }

    /// What Ben has once everything has arrived.
    async fn at_bens(&self) -> anyhow::Result<String> {
        self.ben.core.sync(Duration::from_secs(60)).await?;
        Ok(self.ben.core.lesson_markdown(&self.id).await?)
    }
}

/// Opens the lesson and puts the caret behind Ben's paragraph.
async fn begin(app: &App, lesson: &Lesson) -> anyhow::Result<()> {
    app.open_course("Shared course").await?;
    ensure!(app.open_lesson(lesson.id.as_str()).await? == "edit");
    app.js(WATCH, &[]).await?;
    app.wait("Ben's paragraph", BEHIND, &[json!(THEIRS)]).await?;
    at(app, &format!("{THEIRS}|")).await
}

/// Begins to compose the sign with this number, and waits until the unfinished text stands at the caret.
async fn compose(app: &App, number: &str) -> anyhow::Result<()> {
    app.chord(&[Key::Control, Key::Shift], "u").await?;
    app.keys(number).await?;
    app.shows(&format!("u{number}")).await
}

/// Waits until the caret is where the bar stands.
async fn at(app: &App, around: &str) -> anyhow::Result<()> {
    let script = format!("return ((...arguments) => {{ {AROUND} }})() === arguments[0]");
    let found = app.wait(&format!("the caret in “{around}”"), &script, &[json!(around)]).await;
    let is = app.js(AROUND, &[]).await?;
    found.map(drop).with_context(|| format!("it is in {is}"))
}

/// Waits until the bytes of somebody's words are in the page, whether they are shown or not.
async fn arrived(app: &App, words: &str) -> anyhow::Result<()> {
    let script = "return window.composed.arrived.includes(arguments[0])";
    app.wait(&format!("“{words}” to arrive"), script, &[json!(words)]).await.map(drop)
}

/// What was composed to its end, with nothing broken off and nothing gone wrong.
async fn composed(app: &App) -> anyhow::Result<String> {
    let seen = app.js("return window.composed", &[]).await?;
    ensure!(seen["wrong"] == json!([]), "the page says {}", seen["wrong"]);
    let ended: Vec<String> = serde_json::from_value(seen["ended"].clone())?;
    Ok(ended.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_is_composed_is_whole_whatever_a_peer_writes_around_it_meanwhile() -> anyhow::Result<()> {
    let mut lesson = Lesson::shared().await?;
    let profile = lesson.ada.path().to_owned();
    let ben = &mut lesson;
    with_app(&profile, async |app| {
        begin(app, ben).await?;
        // Unfinished: in another paragraph before it, and in the same one before the caret.
        compose(app, "65e5").await?;
        let update = ben.ben.typist.opens_with("Above all of it");
        ben.ben.push(update).await?;
        arrived(app, "Above all of it").await?;
        let update = ben.ben.typist.types_before("New ");
        ben.ben.push(update).await?;
        arrived(app, "New ").await?;
        ensure!(composed(app).await?.is_empty(), "the composition was broken off");
        app.shows("u65e5").await?;
        app.keys(" ").await?;
        at(app, "New Words of Ben日|").await?;
        app.shows("Above all of it").await?;
        // And again, with another word of Ben's between two signs of hers.
        compose(app, "672c").await?;
        let update = ben.ben.typist.types_before("Brand ");
        ben.ben.push(update).await?;
        arrived(app, "Brand ").await?;
        app.keys(" ").await?;
        at(app, "Brand New Words of Ben日本|").await?;
        app.keys("!").await?;
        at(app, "Brand New Words of Ben日本!|").await?;
        ensure!(composed(app).await? == "日本", "composed: {}", composed(app).await?);
        app.pill(&["synced"]).await
    })
    .await?;
    let text = lesson.at_bens().await?;
    ensure!(text.contains("Brand New Words of Ben日本!"), "Ben has {text}");
    ensure!(text.matches('日').count() == 1 && !text.contains("65e5"), "Ben has {text}");
    lesson.ben.core.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_peer_deletes_the_paragraph_of_a_composition_the_editor_goes_on() -> anyhow::Result<()> {
    let mut lesson = Lesson::shared().await?;
    let profile = lesson.ada.path().to_owned();
    let shared = &mut lesson;
    with_app(&profile, async |app| {
        begin(app, shared).await?;
        compose(app, "65e5").await?;
        let update = shared.ben.typist.deletes_all();
        shared.ben.push(update).await?;
        let update = shared.ben.typist.opens_with("All is new");
        shared.ben.push(update).await?;
        arrived(app, "All is new").await?;
        app.keys(" ").await?;
        // Ben's own words go; what Ada composed may stay, or go with its paragraph.
        app.shows("All is new").await?;
        ensure!(!app.text().await?.contains(THEIRS), "what Ben deleted is there");
        app.write("It goes on").await?;
        compose(app, "672c").await?;
        app.keys(" ").await?;
        app.shows("All is newIt goes on本").await?;
        composed(app).await?;
        app.saved().await?;
        app.pill(&["synced"]).await
    })
    .await?;
    let text = lesson.at_bens().await?;
    ensure!(text.contains("It goes on本"), "Ben has {text}");
    lesson.ben.core.close().await;
    Ok(())
}
