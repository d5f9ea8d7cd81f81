//! Images and other files in the real window: pasted offline, played in parts, refused, inert.

use crate::support::app::with_app;
use crate::support::author::shared_by_two;
use anyhow::{Context, ensure};
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::server::Server;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Pastes a file into the open lesson: name, type, bytes in base64.
const PASTE: &str = "const [name, type, text] = arguments;
    const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type }));
    const prose = document.querySelector('.prose');
    prose.focus();
    prose.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))";

/// One red dot.
const DOT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/// Whether an image is drawn in the lesson.
const DRAWN: &str = "const image = document.querySelector('.prose .image[data-state=ready] img');
    return !!image && image.naturalWidth === 1";

#[tokio::test]
async fn an_image_pasted_offline_arrives_on_the_second_device() -> anyhow::Result<()> {
    // AppFlowy #4568: an image that is pasted while the server is away never reaches the others.
    let mut server = Server::start()?;
    let (ada, ben, course) = shared_by_two(&server, "Shared course")?;
    let lesson = of_kind(&ada.outline(&course)?, "lesson").first().context("no lesson")?.id.clone();

    server.kill()?;
    with_app(ada.path(), async |app| {
        app.open_course("Shared course").await?;
        ensure!(app.open_lesson(&lesson).await? == "edit");
        app.pill(&["offline", "waiting"]).await?;
        app.js(PASTE, &[json!("dot.png"), json!("image/png"), json!(DOT)]).await?;
        app.wait("the image", DRAWN, &[]).await?;
        app.saved().await?;
        let waits = "return /when the network is back/.test(document.querySelector('.prose .image .transfer:not([hidden])')?.textContent)";
        app.wait("the word that it waits", waits, &[]).await?;
        server.restart()?;
        app.pill(&["synced"]).await?;
        let sent = "return document.querySelector('.prose .image .transfer')?.hidden === true";
        app.wait("the word that it was sent", sent, &[]).await.map(drop)
    })
    .await?;
    with_app(ben.path(), async |app| {
        app.open_course("Shared course").await?;
        app.open_lesson(&lesson).await?;
        app.wait("the image on the second device", DRAWN, &[]).await.map(drop)
    })
    .await
}

#[tokio::test]
async fn a_player_gets_the_part_that_it_asks_for_and_nothing_foreign_is_loaded() -> anyhow::Result<()> {
    let ada = Profile::new()?;
    let folder = tempfile::tempdir()?;
    let mut sound = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
    sound.extend((0..=255).cycle().take(100_000));
    fs::write(folder.path().join("bell.wav"), &sound)?;
    fs::write(
        folder.path().join("a.md"),
        "# A\n\nWords.\n\n<audio controls src=\"bell.wav\"></audio>\n\n```inkhorn-node\n\
         {\"type\":\"embed\",\"attrs\":{\"src\":\"file:///etc/passwd\"}}\n```\n",
    )?;
    ada.run(&["import", &folder.path().to_string_lossy(), "--title", "With sound"])?;
    with_app(ada.path(), async |app| {
        app.open_course("With sound").await?;
        let outline = "return !!document.querySelector('.prose .media[data-kind=audio]')";
        app.lesson().await?;
        app.wait("the block", outline, &[]).await?;
        // The webview may have no codec here; then the block says so and offers to save, and is never empty.
        let settled = "return ['ready', 'unplayable'].includes(document.querySelector('.prose .media[data-kind=audio]').dataset.state)";
        app.wait("the player or the word that there is none", settled, &[]).await?;
        let script = "const done = arguments[arguments.length - 1];
             (async () => {
                 const url = 'inkhorn-asset://localhost/' + arguments[0];
                 const part = await fetch(url, { headers: { Range: 'bytes=2-5' } });
                 const end = await fetch(url, { headers: { Range: 'bytes=-3' } });
                 const past = await fetch(url, { headers: { Range: 'bytes=999999-' } });
                 const whole = await fetch(url);
                 return [part.status, part.headers.get('content-range'), await part.text(), end.status,
                     (await end.arrayBuffer()).byteLength, past.status, whole.status, (await whole.arrayBuffer()).byteLength];
             })().then(done, error => done(String(error)))";
        let hash = stored(ada.path(), &sound)?;
        let answer = app.js_async(script, &[json!(hash)]).await?;
        let range = format!("bytes 2-5/{}", sound.len());
        ensure!(
            answer == json!([206, range, "FF\0\0", 206, 3, 416, 200, sound.len()]),
            "the answers were {answer}"
        );
        let refused = "return document.querySelector('.prose .embed')?.dataset.state === 'refused'
             && !document.querySelector('iframe')";
        app.wait("the page that is not allowed", refused, &[]).await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        ensure!(app.js("return document.querySelectorAll('iframe').length", &[]).await? == json!(0));
        Ok(())
    })
    .await
}

/// The name of the stored file with this content: its hash.
fn stored(profile: &Path, bytes: &[u8]) -> anyhow::Result<String> {
    for folder in fs::read_dir(profile.join("assets"))?.flatten() {
        for file in fs::read_dir(folder.path())?.flatten() {
            if fs::read(file.path())? == bytes {
                return Ok(file.file_name().to_string_lossy().into_owned());
            }
        }
    }
    anyhow::bail!("the file was not stored")
}
