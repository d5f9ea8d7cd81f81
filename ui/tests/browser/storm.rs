//! A storm of messages, and messages that are lost.

use crate::support::with_page;
use anyhow::ensure;
use serde_json::json;

/// Keys that the window looks at in a course.
fn keys() -> serde_json::Value {
    json!([
        { "query": "courses" },
        { "query": "sync" },
        { "query": "outline", "course": "soil" },
        { "query": "lesson", "course": "soil", "lesson": "layers" },
        { "query": "presence", "course": "soil" },
    ])
}

/// Counts what is drawn from now on.
const COUNT_DRAWN: &str = "window.drawn = 0;
    new MutationObserver(all => { window.drawn += all.length })
        .observe(document.getElementById('main'), { subtree: true, childList: true, attributes: true, characterData: true })";

#[tokio::test]
async fn ten_thousand_messages_at_once_make_two_questions_a_key_and_nothing_is_drawn() -> anyhow::Result<()> {
    with_page(async |page| {
        page.mock(json!({ "do": "forget_calls" })).await?;
        page.js(COUNT_DRAWN, &[]).await?;
        page.mock(json!({ "do": "stale", "keys": keys(), "times": 10_000 })).await?;
        page.settled().await?;
        // One for the first message, one for all that came while it was under way.
        let asked = page.calls("query").await?;
        ensure!((5..=10).contains(&asked), "{asked} questions");
        let drawn = page.js("return window.drawn", &[]).await?;
        ensure!(drawn == json!(0), "{drawn} changes were drawn, and nothing had changed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_storm_over_many_turns_never_has_two_questions_for_a_key_under_way() -> anyhow::Result<()> {
    const TURNS: u64 = 300;
    with_page(async |page| {
        page.mock(json!({ "do": "forget_calls" })).await?;
        let script = "const [keys, turns, done] = arguments;
             const play = control => window.inkhornMock(JSON.stringify(control));
             (async () => {
                 for (let turn = 0; turn < turns; turn++) {
                     play({ do: 'rename', node: 'layers', title: 'Layers ' + turn });
                     play({ do: 'stale', keys, times: 20 });
                     await new Promise(resolve => setTimeout(resolve, 0));
                 }
                 done(true);
             })()";
        page.js_async(script, &[keys(), json!(TURNS)]).await?;
        page.settled().await?;
        page.reads("[data-testid=lesson-title]", &format!("Layers {}", TURNS - 1)).await?;
        // 6,300 messages for the outline: at most two questions a turn, the answer comes within the turn.
        let asked = page.calls("query course/soil/outline").await?;
        ensure!((1..=2 * TURNS).contains(&asked), "{asked} questions about the outline in {TURNS} turns");
        // Once it is over, it is over.
        let before = page.calls("query").await?;
        page.settled().await?;
        ensure!(page.calls("query").await? == before, "the window goes on asking");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_was_missed_is_asked_for_when_messages_are_lost() -> anyhow::Result<()> {
    with_page(async |page| {
        for (how, title) in [("gap", "Renamed in a gap"), ("resync", "Renamed before a resync")] {
            page.mock(json!({ "do": "rename_unheard", "node": "layers", "title": title })).await?;
            page.settled().await?;
            ensure!(page.text("[data-testid=lesson-title]").await? != title, "nobody has said so yet");
            page.mock(json!({ "do": how })).await?;
            page.reads("[data-testid=lesson-title]", title).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_command_to_observe_that_fails_is_given_again() -> anyhow::Result<()> {
    with_page(async |page| {
        page.js("window.inkhornShortTime = true", &[]).await?;
        page.mock(json!({ "do": "fail", "command": "observe", "failure": { "code": "other", "message": "not now" } }))
            .await?;
        page.click("#node-moisture").await?;
        page.wait(
            "tries",
            "return JSON.parse(window.inkhornMock('{\"do\":\"calls\"}')).observe > 12",
            &[],
        )
        .await?;
        page.mock(json!({ "do": "fail", "command": "observe", "failure": null })).await?;
        page.sees("[data-testid=lesson][data-lesson=moisture] .prose").await
    })
    .await
}
