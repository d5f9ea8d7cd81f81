//! Dialogs, menus and panels.

use super::in_every_look;
use serde_json::{Value, json};
use thirtyfour::Key;

const LONG: &str = "A title that somebody made much longer than a title should be, with a verylongwordthatnobodycanbreakanywhere in it";

/// A file on its way: by its letter, so that each has its own hash.
fn file(letter: &str, name: &str, state: &str, done: u64, why: Option<&str>) -> Value {
    json!({ "hash": letter.repeat(64), "mime": "image/png", "bytes": 25_000_000, "name": name, "up": letter != "d",
        "state": state, "done": done, "lesson": "moisture", "why": why })
}

fn waiting(doc: &str, title: Option<&str>, waits: &Value) -> Value {
    json!({ "doc": doc, "course": "soil", "course_title": "Soil and water", "title": title, "edits": 3, "bytes": 1_234,
        "since_ms": 1_760_000_000_000_u64, "waits": waits })
}

#[tokio::test]
async fn every_dialog_is_drawn_in_both_themes_and_at_both_widths() -> anyhow::Result<()> {
    in_every_look(async |page, album| {
        page.mock(json!({ "do": "rename", "node": "field", "title": LONG })).await?;
        page.mock(json!({ "do": "rename", "node": "plants", "title": "ما تستطيع النباتات امتصاصه" })).await?;
        if !album.is_wide() {
            page.click("[data-testid=show-sidebar]").await?;
        }
        page.sees("#node-layers").await?;
        page.js("document.getElementById('node-layers').focus()", &[]).await?;
        page.chord(&[Key::Shift], Key::Down).await?;
        page.chord(&[Key::Shift], Key::Down).await?;
        album.take("selection").await?;
        page.click("#node-part-2 [data-testid=node-menu]").await?;
        page.sees("[data-testid=menu]").await?;
        album.take("selection-menu").await?;
        page.load().await?;
        if !album.is_wide() {
            page.click("[data-testid=show-sidebar]").await?;
        }
        page.sees("#node-layers").await?;
        page.js("document.getElementById('node-layers').focus()", &[]).await?;
        page.chord(&[Key::Control, Key::Shift], "m").await?;
        page.sees("[data-testid=place]").await?;
        album.take("move-to").await?;
        page.keys("nowhere").await?;
        page.sees("[data-testid=no-place]").await?;
        album.take("move-nowhere").await?;
        page.select_all().await?;
        page.keys("bread").await?;
        page.keys(Key::Enter).await?;
        page.reads("[data-testid=place-course]", "Notes on bread").await?;
        album.take("copy-to").await?;
        page.click("[data-testid=dialog-close]").await?;
        page.sees_no("dialog").await?;
        if !album.is_wide() {
            page.load().await?;
        }

        let set = |change: Value| json!({ "do": "setting", "course": "soil", "change": change });
        for (at, list, text) in [
            ("a1", "authors", "Maria Silva"),
            ("a2", "authors", LONG),
            ("o1", "objectives", "Tell sand from silt"),
            ("o2", "objectives", "اقرأ التربة قبل أن تقيسها"),
        ] {
            page.mock(set(json!({ "set": "add", "list": list, "id": at, "text": text }))).await?;
        }
        page.menu("course-settings").await?;
        page.sees("[data-testid=objectives] input").await?;
        album.take("settings").await?;
        page.js("document.querySelector('.dialog-body').scrollTop = 1e6", &[]).await?;
        album.take("settings-end").await?;
        page.click("[data-testid=dialog-close]").await?;
        page.click("[data-testid=people]").await?;
        page.sees("[data-testid=invite-email]").await?;
        album.take("people").await?;
        page.click("[data-email='asa@example.org'] [data-testid=remove]").await?;
        album.take("people-question").await?;
        page.click("[data-testid=dialog-close]").await?;
        page.menu("shortcuts").await?;
        page.sees("[data-testid=shortcuts-dialog]").await?;
        album.take("shortcuts").await?;
        page.js("document.querySelector('.dialog-body').scrollTop = 1e6", &[]).await?;
        album.take("shortcuts-end").await?;
        page.click("[data-testid=dialog-close]").await?;
        if !album.is_wide() {
            page.click("[data-testid=show-sidebar]").await?;
        }
        page.click("[data-testid=course-switch]").await?;
        page.click("[data-testid=all-courses]").await?;
        page.sees("[data-course=notes]").await?;
        album.take("courses").await?;
        page.click("[data-course=notes]").await?;
        page.reads("[data-testid=course-switch]", "Notes on bread").await?;
        page.click("[data-testid=share]").await?;
        page.sees("[data-testid=share-dialog]").await?;
        album.take("share").await
    })
    .await
}

#[tokio::test]
async fn panels_that_are_full_are_drawn_in_both_themes_and_at_both_widths() -> anyhow::Result<()> {
    in_every_look(async |page, album| {
        page.mock(json!({ "do": "rename", "node": "field", "title": LONG })).await?;
        let edit = json!({ "id": 7, "course": "soil", "doc": "lesson:field", "why": "your role is viewer", "at_ms": 1_760_000_000_000_u64 });
        let differed = json!({ "doc": "lesson:moisture", "repaired": true, "at_ms": 1_760_000_000_000_u64 });
        let count = json!({ "waiting_edits": 3, "waiting_uploads": 2, "waiting_downloads": 1, "rejected": 1 });
        let status = json!({ "state": "offline", "next_try_ms": null, "why": "the server does not answer" });
        let sync = json!({ "status": status, "count": count, "synced_at_ms": 1_760_000_000_000_u64, "rejected": [edit], "differed": [differed] });
        let operation = json!({ "op": "op1", "course": "soil", "kind": "register", "state": "queued", "tries": 2, "created_ms": 1_760_000_000_000_u64, "next_try_ms": null, "why": "the server does not answer" });
        page.mock(json!({ "do": "sync", "sync": sync })).await?;
        page.mock(json!({ "do": "operations", "operations": [operation] })).await?;
        let docs = [
            waiting("lesson:moisture", Some("Soil moisture"), &json!({ "waits_for": "connection" })),
            waiting("course:soil", None, &json!({ "waits_for": "lessons", "count": 2 })),
            waiting("lesson:field", Some(LONG), &json!({ "waits_for": "trouble", "why": "the server is full" })),
        ];
        page.mock(json!({ "do": "waiting", "docs": docs })).await?;
        let refused = "this file is larger than the server takes";
        let files = [
            file("a", "river.mp4", "moves", 3_200_000, None),
            file("b", &format!("{LONG}.png"), "waits", 0, Some(refused)),
            file("c", "خريطة.png", "waits", 0, None),
            file("d", "", "offline", 0, None),
        ];
        page.mock(json!({ "do": "transfers", "course": "soil", "transfers": files })).await?;
        album.open_sync_centre().await?;
        page.sees("[data-testid=transfer]").await?;
        album.take("sync-centre").await?;
        for (name, to) in [("sync-centre-files", "[data-testid=transfers]"), ("sync-centre-end", "[data-testid=server]")] {
            page.js("document.querySelector(arguments[0]).scrollIntoView()", &[json!(to)]).await?;
            album.take(name).await?;
        }
        page.click("[data-testid=sync-centre] .panel-head .icon-button").await?;
        page.mock(json!({ "do": "grow", "course": "soil", "lessons": 60 })).await?;
        page.menu("find-item").await?;
        page.click("[data-testid=find-panel] input[type=search]").await?;
        page.keys("numb").await?;
        page.sees("[data-testid=course-find-lesson]").await?;
        album.take("find-many").await?;
        page.select_all().await?;
        page.keys("nothing like it").await?;
        page.reads("[data-testid=course-find-count]", "Not in any").await?;
        album.take("find-nothing").await
    })
    .await
}
