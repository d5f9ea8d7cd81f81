//! Two authors a day offline, each with a clock that is wrong in another direction: the words of both are everywhere, what
//! the window says of times makes sense, and nobody is signed out.

use crate::support::app::{App, with_app, with_app_by_clock};
use crate::support::author::shared_by_two;
use crate::support::clock::Clock;
use anyhow::{Context, ensure};
use inkhorn_testkit::profile::{Profile, nodes, of_kind};
use inkhorn_testkit::server::Server;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use thirtyfour::Key;

/// An hour, in milliseconds.
const HOUR_MS: f64 = 3_600_000.0;

/// How far the page's clock is from the right time, in hours.
async fn hours_off(app: &App) -> anyhow::Result<f64> {
    let says = app.js("return Date.now()", &[]).await?.as_f64().context("no time")?;
    Ok((says - SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3) / HOUR_MS)
}

/// Adds a lesson behind the one that is open, by keys.
async fn add_lesson(app: &App, behind: &str, title: &str) -> anyhow::Result<()> {
    let row = "const row = document.getElementById('node-' + arguments[0]); row?.focus(); return !!row && document.activeElement === row";
    app.wait("the row", row, &[json!(behind)]).await?;
    app.chord(&[Key::Control], "n").await?;
    app.wait("the title field", "return document.activeElement?.dataset.testid === 'rename-input'", &[])
        .await?;
    app.keys(title).await?;
    app.keys(Key::Enter).await?;
    has_row(app, title).await
}

async fn has_row(app: &App, title: &str) -> anyhow::Result<()> {
    let script = "return [...document.querySelectorAll('[data-testid=node]')].some(row => row.getAttribute('aria-label') === arguments[0])";
    app.wait(&format!("“{title}” in the outline"), script, &[json!(title)]).await.map(drop)
}

/// What the sync centre says of each document that waits; opens it anew, so that it says what holds now.
async fn waiting(app: &App) -> anyhow::Result<Vec<String>> {
    let turn = "const open = !!document.querySelector('[data-testid=sync-centre]');
        if (open === arguments[0]) return true;
        document.querySelector('[data-testid=sync-pill]').click();
        return false";
    app.wait("the sync centre closed", turn, &[json!(false)]).await?;
    app.wait("the sync centre", turn, &[json!(true)]).await?;
    let script = "const all = [...document.querySelectorAll('[data-testid=waiting-doc] .list-detail')];
        return all.length > 0 && all.map(one => one.textContent)";
    Ok(serde_json::from_value(app.wait("what waits", script, &[]).await?)?)
}

/// Waits until nothing waits any more, with the list of it in sight.
async fn nothing_waits(app: &App) -> anyhow::Result<()> {
    app.pill(&["synced"]).await?;
    let script = "return !!document.querySelector('[data-testid=sync-centre]') && !document.querySelector('[data-testid=waiting-doc]')";
    app.wait("an empty list", script, &[]).await?;
    let trouble = app
        .js("return [...document.querySelectorAll('[data-kind=trouble]')].map(one => one.textContent)", &[])
        .await?;
    ensure!(trouble == json!([]), "the window complains: {trouble}");
    Ok(())
}

#[tokio::test]
async fn two_clocks_a_day_apart_in_either_direction_lose_no_word_and_sign_nobody_out() -> anyhow::Result<()> {
    let mut server = Server::start()?;
    let (ada, ben, course) = shared_by_two(&server, "Shared course")?;
    let lesson = of_kind(&ada.outline(&course)?, "lesson").first().context("no lesson")?.id.clone();
    let (ahead, behind) = (Clock::new()?, Clock::new()?);
    with_app_by_clock(ada.path(), &ahead, async |hers| {
        with_app_by_clock(ben.path(), &behind, async |his| {
            for app in [hers, his] {
                app.open_course("Shared course").await?;
                ensure!(app.open_lesson(&lesson).await? == "edit");
                app.pill(&["synced"]).await?;
            }
            server.kill()?;
            for app in [hers, his] {
                app.pill(&["offline", "waiting"]).await?;
            }
            ahead.moved("+24h")?;
            behind.moved("-24h")?;
            ensure!(
                hours_off(hers).await? > 23.0 && hours_off(his).await? < -23.0,
                "the clocks were not moved"
            );
            for (app, name) in [(hers, "Ada"), (his, "Ben")] {
                app.write(&format!(" Words of {name}.")).await?;
                add_lesson(app, &lesson, &format!("Lesson of {name}")).await?;
                app.saved().await?;
            }
            // The two days pass the other way round: her clock is put back, his is put forward.
            ahead.moved("-24h")?;
            behind.moved("+24h")?;
            for (app, age) in [(hers, "for less than a minute"), (his, "for 2 days")] {
                let said = waiting(app).await?;
                ensure!(said.iter().all(|one| one.ends_with(age)), "{said:?}, not “{age}”");
            }
            server.restart()?;
            for app in [hers, his] {
                nothing_waits(app).await?;
                has_row(app, "Lesson of Ada").await?;
                has_row(app, "Lesson of Ben").await?;
                // Adding a lesson opened it.
                app.open_lesson(&lesson).await?;
                app.shows("Words of Ada.").await?;
                app.shows("Words of Ben.").await?;
            }
            let text = hers.text().await?;
            ensure!(text == his.text().await?, "she has {text}");
            for name in ["Ada", "Ben"] {
                ensure!(text.matches(&format!("Words of {name}.")).count() == 1, "{text}");
            }
            // They are signed in still, and it goes on.
            hers.write(" And on.").await?;
            his.shows(" And on.").await?;
            nothing_waits(hers).await?;
            nothing_waits(his).await
        })
        .await
    })
    .await?;
    on_a_third_computer(&server, &course, &lesson).await
}

/// All of it is on the server: somebody with a right clock and a new computer gets it, and a window shows it.
async fn on_a_third_computer(server: &Server, course: &str, lesson: &str) -> anyhow::Result<()> {
    let third = Profile::new()?;
    third.login(server, "ada@example.org")?;
    third.run(&["join", course])?;
    third.sync()?;
    let outline: Value = third.outline(course)?;
    let text = third.lesson(lesson)?;
    for name in ["Ada", "Ben"] {
        let title = format!("Lesson of {name}");
        ensure!(nodes(&outline).iter().filter(|node| node.title == title).count() == 1, "{outline}");
        ensure!(text.contains(&format!("Words of {name}.")), "{text}");
    }
    with_app(third.path(), async |app| {
        app.open_course("Shared course").await?;
        app.open_lesson(lesson).await?;
        app.shows(" And on.").await?;
        app.pill(&["synced"]).await
    })
    .await
}
