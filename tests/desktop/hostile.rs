//! Bad input in the real window: files that are too large, broken or unknown, pages full of scripts, links and frames that
//! nobody should follow. Each is said in plain words, nothing of it runs, and nothing that was written is lost.

use crate::support::app::{App, with_app};
use crate::support::load::{self, Memory};
use anyhow::{Context, ensure};
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Profile, of_kind};
use serde_json::json;
use std::fs::{self, File};
use std::path::Path;
use thirtyfour::prelude::*;

/// How every PNG begins: its signature, and a header of one dot.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde";

/// Bytes of the image that is too large.
const LARGE: u64 = 100 * 1024 * 1024;

/// Text that was there before, and stays.
const BEFORE: &str = " Written before.";

/// A profile with a course, and its first lesson.
fn course() -> anyhow::Result<(Profile, String)> {
    let profile = Profile::new()?;
    let folder = corpus::written()?;
    let course = profile.last_line(&["import", &folder.path().to_string_lossy(), "--title", "Hostile"])?;
    let lesson = of_kind(&profile.outline(&course)?, "lesson").first().context("no lesson")?.id.clone();
    Ok((profile, lesson))
}

/// Opens the lesson, writes into it, and begins an empty paragraph.
async fn begin(app: &App, lesson: &str) -> anyhow::Result<()> {
    app.open_course("Hostile").await?;
    ensure!(app.open_lesson(lesson).await? == "edit");
    app.write(BEFORE).await?;
    app.keys(Key::Enter).await
}

/// Waits until the window says something that matches.
async fn says(app: &App, pattern: &str) -> anyhow::Result<()> {
    let script = "return [...document.querySelectorAll('[data-testid=toast], .prose')].some(one => new RegExp(arguments[0]).test(one.textContent))";
    app.wait(&format!("“{pattern}” in the window"), script, &[json!(pattern)]).await.map(drop)
}

/// Chooses an entry of the menu behind "/".
async fn slash(app: &App, entry: &str) -> anyhow::Result<()> {
    app.keys(format!("/{entry}")).await?;
    let script = "return document.querySelector('.slash-menu [role=option][aria-selected=true]')?.textContent.includes(arguments[0])";
    app.wait("the entry of the menu", script, &[json!(entry)]).await?;
    app.keys(Key::Enter).await
}

/// Inserts a file from the disk as the menu does. Its dialog belongs to the system: the field behind it is given the file.
async fn choose(app: &App, entry: &str, file: &Path) -> anyhow::Result<()> {
    app.js(
        "const click = HTMLInputElement.prototype.click;
         HTMLInputElement.prototype.click = function () { if (this.type !== 'file') click.call(this) }",
        &[],
    )
    .await?;
    slash(app, entry).await?;
    app.wait("the field for a file", "return !!document.querySelector('body > input[type=file]')", &[])
        .await?;
    let field = app.driver.find(By::Css("body > input[type=file]")).await?;
    // A driver types into what can be seen only.
    app.js("document.querySelector('body > input[type=file]').hidden = false", &[]).await?;
    field.send_keys(file.to_string_lossy()).await?;
    app.wait("the file to be taken", "return !document.querySelector('body > input[type=file]')", &[])
        .await?;
    // The system's dialog would have given it back.
    app.js("document.querySelector('.prose').focus()", &[]).await.map(drop)
}

/// Bytes that the app and its page have taken since.
fn grown(before: &Memory, profile: &Path) -> anyhow::Result<u64> {
    Ok(load::memory(profile)?.sum().saturating_sub(before.sum()))
}

#[tokio::test]
async fn a_file_that_is_too_large_broken_or_unknown_is_said_and_nothing_is_lost() -> anyhow::Result<()> {
    let (profile, lesson) = course()?;
    let folder = tempfile::tempdir()?;
    let file = |name: &str, bytes: &[u8]| -> anyhow::Result<_> {
        let path = folder.path().join(name);
        fs::write(&path, bytes)?;
        Ok(path)
    };
    let large = file("large.png", PNG)?;
    File::options().write(true).open(&large)?.set_len(LARGE)?;
    let broken = file("broken.png", &[PNG, &[0xa5; 5_000]].concat())?;
    let unknown = file("scan.tiff", &[0x5a; 5_000])?;

    with_app(profile.path(), async |app| {
        begin(app, &lesson).await?;
        let images = "return document.querySelectorAll('.prose .image').length";
        let count = app.js(images, &[]).await?;
        let before = load::memory(profile.path())?;
        choose(app, "Image", &large).await?;
        says(app, "The lesson is unchanged. large.png has 100 MB; .* up to 25 MB").await?;
        let grown = grown(&before, profile.path())?;
        ensure!(grown < LARGE, "{grown} bytes of memory for a file that was refused");
        ensure!(app.js(images, &[]).await? == count, "the image that is too large is in the lesson");

        choose(app, "Image", &broken).await?;
        says(app, "what the file holds cannot be shown. It may be damaged").await?;
        app.keys("Between. ").await?;
        choose(app, "File", &unknown).await?;
        says(app, "scan.tiff was added as a file: what it holds cannot be shown").await?;
        app.wait("the file's block", "return !!document.querySelector('.prose .file-block')", &[]).await?;
        app.keys("Written behind.").await?;
        app.shows("Written behind.").await?;
        app.saved().await
    })
    .await?;
    let text = profile.lesson(&lesson)?;
    for words in [BEFORE.trim(), "Between.", "Written behind.", "scan.tiff"] {
        ensure!(text.contains(words), "“{words}” is not in {text}");
    }
    ensure!(!text.contains("large.png"), "{text}");
    Ok(())
}

/// One of many parts of a page that wants to run something, in every way that a page has.
fn part(number: usize) -> String {
    format!(
        "<div onclick=\"ran=1\"><p onmouseover=\"ran=1\">word{number} <a href=\"javascript:ran=1\">link{number}</a></p>\
         <script>window.ran=1</script><img src=\"x{number}\" onerror=\"window.ran=1\"><svg onload=\"window.ran=1\"></svg>\
         <iframe srcdoc=\"<script>parent.ran=1</script>\"></iframe><object data=\"data:text/html,<script>top.ran=1</script>\">\
         </object><form action=\"javascript:ran=1\"><input autofocus onfocus=\"window.ran=1\"></form>\
         <details open ontoggle=\"window.ran=1\"><summary>more{number}</summary></details>\
         <style>@import 'javascript:ran=1'; .prose {{ display: none }}</style><meta http-equiv=refresh content=\"0;url=x\"></div>"
    )
}

#[tokio::test]
async fn a_megabyte_of_pasted_scripts_is_its_words_and_runs_nothing() -> anyhow::Result<()> {
    let (profile, lesson) = course()?;
    let mut page = String::new();
    let mut parts = 0;
    while page.len() < 1_000_000 {
        parts += 1;
        page.push_str(&part(parts));
    }
    let last = format!("word{parts}");
    with_app(profile.path(), async |app| {
        begin(app, &lesson).await?;
        let before = load::memory(profile.path())?;
        // The flag is what they would set; a click on a link and a key in the text are ways to wake more of them.
        let paste = "window.ran = undefined;
            const data = new DataTransfer();
            data.setData('text/html', arguments[0]);
            data.setData('text/plain', 'plain');
            document.querySelector('.prose').dispatchEvent(
                new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))";
        app.js(paste, &[json!(page)]).await?;
        app.shows(&last).await?;
        says(app, "images were left out").await?;
        let left = "const prose = document.querySelector('.prose');
            const bad = [...prose.querySelectorAll('*')].filter(one =>
                [...one.attributes].some(({ name, value }) => /^on/i.test(name) || /javascript:/i.test(value) || name === 'srcdoc'));
            return [bad.length, prose.querySelectorAll('script, iframe, object, style, meta, form').length]";
        ensure!(app.js(left, &[]).await? == json!([0, 0]), "something of it is in the page");
        app.keys("Written behind.").await?;
        app.shows("Written behind.").await?;
        app.saved().await?;
        ensure!(app.js("return window.ran ?? null", &[]).await?.is_null(), "something of it ran");
        let grown = grown(&before, profile.path())?;
        ensure!(grown < 1_000_000_000, "{grown} bytes of memory for a megabyte");
        Ok(())
    })
    .await?;
    let text = profile.lesson(&lesson)?;
    ensure!(text.contains(BEFORE.trim()) && text.contains("Written behind."), "the author's words are gone");
    for number in [1, parts / 2, parts] {
        ensure!(text.contains(&format!("word{number} link{number}")), "word {number} is gone");
    }
    ensure!(!text.contains("javascript:") && !text.contains("<script"), "a script is in the lesson");
    Ok(())
}

#[tokio::test]
async fn a_script_as_a_link_and_a_local_file_as_a_page_are_refused_with_the_reason() -> anyhow::Result<()> {
    let (profile, lesson) = course()?;
    with_app(profile.path(), async |app| {
        begin(app, &lesson).await?;
        app.keys("target").await?;
        app.shows("target").await?;
        for _ in 0.."target".len() {
            app.chord(&[Key::Shift], Key::Left).await?;
        }
        app.chord(&[Key::Control], "k").await?;
        app.wait("the link field", "return document.activeElement?.tagName === 'INPUT'", &[]).await?;
        app.keys("javascript:window.ran=1").await?;
        app.keys(Key::Enter).await?;
        says(app, "The link was not set").await?;
        let linked = "return [...document.querySelectorAll('.prose a')].some(one => one.textContent.includes('target'))";
        ensure!(app.js(linked, &[]).await? == json!(false), "the word became a link");

        app.js("const block = [...document.querySelectorAll('.prose > p')].find(one => one.textContent === 'target');
                document.querySelector('.prose').focus();
                getSelection().selectAllChildren(block);
                getSelection().collapseToEnd()", &[]).await?;
        let behind = "const { empty, $from } = document.querySelector('.prose').editor.state.selection;
            return empty && $from.parent.textContent === 'target' && $from.parentOffset === 6";
        app.wait("the caret behind the word", behind, &[]).await?;
        app.keys(Key::Enter).await?;
        slash(app, "Embed").await?;
        let field = "const field = document.querySelector('.prose .embed input'); field?.focus(); return !!field && document.activeElement === field";
        app.wait("the field for the address", field, &[]).await?;
        app.keys("file:///etc/passwd").await?;
        app.keys(Key::Enter).await?;
        let refused = "return /file of one computer/.test(document.querySelector('.prose .embed [role=alert]')?.textContent)";
        app.wait("the reason", refused, &[]).await?;
        ensure!(app.js("return document.querySelectorAll('iframe').length", &[]).await? == json!(0));
        app.saved().await?;
        ensure!(app.js("return window.ran ?? null", &[]).await?.is_null(), "the link ran");
        Ok(())
    })
    .await?;
    let text = profile.lesson(&lesson)?;
    ensure!(text.contains(BEFORE.trim()) && text.contains("target"), "{text}");
    ensure!(!text.contains("javascript:") && !text.contains("passwd"), "{text}");
    Ok(())
}
