//! What sync says is in sight, however narrow the window is and whatever is open beside the text.

use crate::support::app::{App, with_app};
use anyhow::ensure;
use inkhorn_testkit::profile::Profile;
use serde_json::json;
use thirtyfour::Key;

/// Widths in pixels. The window does not get as narrow as the last one: then it has its smallest width.
const WIDTHS: [u32; 5] = [1280, 900, 899, 600, 420];

/// Height in pixels.
const HEIGHT: u32 = 800;

/// Smallest width that `tauri.conf.json` allows.
const SMALLEST: u32 = 480;

/// Whether there is a pill that nothing covers, at its centre nor near its ends, with its first words whole; and what was
/// found instead.
const SEEN: &str = "const found = [...document.querySelectorAll('.pill[data-testid]')].map(pill => {
        const box = pill.getBoundingClientRect();
        const inside = box.width > 0 && box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
        const y = box.top + box.height / 2;
        const over = [box.left + 3, box.left + box.width / 2, box.right - 3]
            .map(x => document.elementFromPoint(x, y)).filter(top => !top || !pill.contains(top)).map(top => top?.className ?? 'nothing');
        const words = pill.querySelector('span');
        return { inside, over, cut: !!words && words.scrollWidth > words.clientWidth + 1, box };
    });
    return found.some(({ inside, over, cut }) => inside && over.length === 0 && !cut) ? 'seen' : JSON.stringify(found)";

/// What can be open beside the text.
const PLACES: [&str; 2] = ["[data-testid=sync-centre]", "[data-testid=find-panel]"];

async fn is_seen(app: &App, where_: &str) -> anyhow::Result<()> {
    // A panel fades in: where it stands is right from the beginning, so one look is enough.
    let found = app.js(SEEN, &[]).await?;
    ensure!(found == json!("seen"), "the pill is hidden ({where_}): {found}");
    Ok(())
}

/// Opens or closes something by its button or keys, and waits until it is so.
async fn until(app: &App, what: &str, is_open: bool) -> anyhow::Result<()> {
    let script = "return !!document.querySelector(arguments[0]) === arguments[1]";
    app.wait(&format!("{what} to be open: {is_open}"), script, &[json!(what), json!(is_open)]).await.map(drop)
}

/// Shows or hides the outline, in the way that the width has.
async fn outline(app: &App) -> anyhow::Result<()> {
    let shown = "return document.querySelector('.sidebar').getBoundingClientRect().width > 0";
    let before = app.js(shown, &[]).await?;
    app.chord(&[Key::Control], "\\").await?;
    let script =
        "return document.querySelector('.sidebar').getBoundingClientRect().width > 0 !== arguments[0]";
    app.wait("the outline to come or go", script, &[before]).await.map(drop)
}

#[tokio::test]
async fn the_status_is_never_hidden_by_a_narrow_window_or_a_panel() -> anyhow::Result<()> {
    let profile = Profile::new()?;
    with_app(profile.path(), async |app| {
        app.lesson().await?;
        app.wait("the pill", "return !!document.querySelector('.pill[data-testid]')", &[]).await?;
        for width in WIDTHS {
            app.driver.set_window_rect(0, 0, width, HEIGHT).await?;
            let is = width.max(SMALLEST);
            app.wait("the new width", "return innerWidth === arguments[0]", &[json!(is)]).await?;
            let [sync, find] = PLACES;
            is_seen(app, &format!("{width}, as it is")).await?;
            outline(app).await?;
            is_seen(app, &format!("{width}, outline turned")).await?;
            outline(app).await?;

            app.chord(&[Key::Control, Key::Shift], "y").await?;
            until(app, sync, true).await?;
            is_seen(app, &format!("{width}, sync centre")).await?;
            outline(app).await?;
            is_seen(app, &format!("{width}, sync centre, outline turned")).await?;
            outline(app).await?;

            app.chord(&[Key::Control, Key::Shift], "f").await?;
            until(app, find, true).await?;
            is_seen(app, &format!("{width}, find in the course")).await?;
            outline(app).await?;
            is_seen(app, &format!("{width}, find in the course, outline turned")).await?;
            outline(app).await?;
            app.js("document.querySelector('.panel-head [aria-label=Close]').click()", &[]).await?;
            until(app, find, false).await?;
        }
        Ok(())
    })
    .await
}
