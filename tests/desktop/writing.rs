//! What the editor asks of the core and of the outline while people write.

use crate::support::app::with_app;
use anyhow::{Context, ensure};
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Profile, of_kind};
use serde_json::json;
use thirtyfour::Key;

#[tokio::test]
async fn pasted_markdown_becomes_blocks_and_a_link_finds_lessons_by_title() -> anyhow::Result<()> {
    let profile = Profile::new()?;
    let folder = corpus::written()?;
    let course = profile.last_line(&["import", &folder.path().to_string_lossy(), "--title", "To write"])?;
    let lessons = of_kind(&profile.outline(&course)?, "lesson");
    let lesson = lessons.first().context("no lesson")?.id.clone();
    let other = lessons.get(1).context("no second lesson")?.clone();
    with_app(profile.path(), async |app| {
        app.open_course("To write").await?;
        ensure!(app.open_lesson(&lesson).await? == "edit");
        app.write(" ").await?;
        app.keys(Key::Enter).await?;
        let paste = "const data = new DataTransfer();
            data.setData('text/plain', arguments[0]);
            document.querySelector('.prose').dispatchEvent(
                new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))";
        app.js(paste, &[json!("## Pasted heading\n\n- first pasted\n- second **pasted**\n")]).await?;
        app.wait(
            "the pasted blocks",
            "const prose = document.querySelector('.prose');
             const is = (what, text) => [...prose.querySelectorAll(what)].some(one => one.textContent === text);
             return is('h2', 'Pasted heading') && is('li', 'first pasted') && is('li strong', 'pasted')",
            &[],
        )
        .await?;

        // A link to another lesson, found by a part of its title, whatever the case.
        app.js(
            "const heading = [...document.querySelectorAll('.prose h2')].find(one => one.textContent === 'Pasted heading');
             getSelection().selectAllChildren(heading)",
            &[],
        )
        .await?;
        app.chord(&[Key::Control], "k").await?;
        app.wait("the link field", "return document.activeElement?.tagName === 'INPUT'", &[]).await?;
        app.keys(other.title.to_uppercase()).await?;
        app.wait(
            "the lesson in the list",
            "return [...document.querySelectorAll('[id^=bubble-lesson-]')].some(one => one.textContent === arguments[0])",
            &[json!(other.title)],
        )
        .await?;
        app.saved().await
    })
    .await?;
    let text = profile.lesson(&lesson)?;
    ensure!(text.contains("## Pasted heading") && text.contains("second **pasted**"), "{text}");
    Ok(())
}
