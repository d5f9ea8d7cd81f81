//! The root: starts the bridge and the island, hears what arrives, shows the frame or why it cannot.

use super::act::{Act, use_act};
use super::frame::Frame;
use super::trouble::Trouble;
use crate::bridge::{self, Api, Inbox, Message};
use crate::components::Skeleton;
use crate::hooks::Client;
use crate::island::{self, Event, What};
use crate::page;
use crate::state::prefs::Theme;
use crate::state::retry;
use crate::state::ui::{Frozen, Ui};
use dioxus::prelude::*;
use futures_util::StreamExt as _;
use inkhorn_protocol::window::{Boot, Failure, ToWindow};

/// How often the channels are asked for again at the start: four seconds in all, then the window says so.
const SUBSCRIBE_AGAIN: usize = 4;

/// The whole interface.
#[component]
pub(crate) fn App() -> Element {
    let ui = use_context_provider(Ui::new);
    let client = use_context_provider(|| Client::new(Api::new(bridge::here())));
    let act = use_act();
    let mut boot = use_signal(|| None::<Boot>);
    use_future(move || {
        let (client, act) = (client.clone(), act.clone());
        async move {
            let answer = start(&client, ui).await;
            match answer {
                Ok((ready, inbox)) => {
                    boot.set(Some(ready));
                    listen(inbox, &client, &act, ui).await;
                }
                Err(found) => boot.set(Some(found)),
            }
        }
    });
    use_effect(move || {
        let prefs = ui.prefs.read();
        let theme = match prefs.theme {
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
            Theme::System => None,
        };
        page::set_root("data-theme", theme);
        page::set_root("data-face", prefs.sans.then_some("sans"));
        page::set_root("data-density", prefs.compact.then_some("compact"));
        if let Ok(text) = serde_json::to_string(&*prefs) {
            page::save_prefs(&text);
        }
    });
    match &*boot.read() {
        None => rsx! {
            main { class: "main", "data-testid": "booting",
                article { class: "page", Skeleton { lines: 6 } }
            }
        },
        Some(Boot::Ready { .. }) => rsx! {
            Frame {}
        },
        Some(Boot::Trouble { profile, failure }) => rsx! {
            Trouble { profile: profile.clone(), failure: failure.clone() }
        },
    }
}

/// Opens everything; the trouble screen otherwise.
async fn start(client: &Client, ui: Ui) -> Result<(Boot, Inbox), Boot> {
    let trouble = |failure: Failure| Boot::Trouble { profile: String::new(), failure };
    let ready = client.api.boot().await.map_err(trouble)?;
    let Boot::Ready { course, notice, .. } = &ready else { return Err(ready) };
    let (out, inbox) = futures_channel::mpsc::unbounded();
    // Without the channels nothing that others do would show; a window that is still loading may have lost one try.
    let mut pauses = retry::pauses().take(SUBSCRIBE_AGAIN);
    while let Err(failure) = client.api.subscribe(&out).await {
        match pauses.next() {
            Some(pause) => page::sleep(pause).await,
            None => return Err(trouble(failure)),
        }
    }
    island::configure(client.clone(), out);
    if ui.course.peek().is_none() && course.is_some() {
        ui.open_course(course.clone());
    }
    if let Some(notice) = notice {
        ui.trouble(notice.clone());
    }
    Ok((ready, inbox))
}

/// Everything that arrives by itself, in order.
async fn listen(mut inbox: Inbox, client: &Client, act: &Act, ui: Ui) {
    while let Some(message) = inbox.next().await {
        match message {
            Message::Core(ToWindow::Stale { keys }) => keys.iter().for_each(|key| client.stale(key)),
            Message::Core(ToWindow::Resync) => client.resync(),
            Message::Core(ToWindow::AssetArrived { hash }) => island::asset_arrived(&hash),
            Message::Core(ToWindow::LessonChanged { lesson }) => island::changed(&lesson),
            Message::Core(ToWindow::LessonReset { lesson }) => island::reset(&lesson),
            Message::Core(ToWindow::Carets { lesson, carets }) => island::carets(&lesson, &carets),
            Message::Core(ToWindow::Closing) => {
                let api = client.api.clone();
                spawn(async move {
                    island::flush().await;
                    // The core closes without the answer, only later.
                    let _ = api.flushed().await;
                });
            }
            Message::Lesson(head, bytes) => {
                // A lesson that the island has let go needs no updates until it is opened again.
                if !island::apply_remote(&head.lesson, &bytes) {
                    let api = client.api.clone();
                    spawn(async move {
                        let _ = api.lesson_close(&head.lesson).await;
                    });
                }
            }
            Message::LessonsMissed => island::changed_all(),
            Message::Island(event) => hear(event, act, ui),
        }
    }
}

fn hear(Event { lesson, what }: Event, act: &Act, mut ui: Ui) {
    match what {
        What::Ready(mode) | What::Mode(mode) => ui.mode.set(Some((lesson, mode))),
        What::Failed(message) => ui.failed.set(Some((lesson, message))),
        What::Saving => {
            ui.unsaved.write().insert(lesson);
        }
        What::Saved => {
            ui.unsaved.write().remove(&lesson);
            if ui.not_saved.peek().contains(&lesson) {
                ui.not_saved.write().remove(&lesson);
            }
        }
        // Once, however often it is tried.
        What::Unsaved => {
            if !ui.not_saved.peek().contains(&lesson) {
                ui.not_saved.write().insert(lesson);
            }
        }
        What::Frozen { message, text } => {
            ui.unsaved.write().remove(&lesson);
            ui.not_saved.write().remove(&lesson);
            ui.frozen.set(Some(Frozen { lesson, message, text }));
        }
        What::Words { words, minutes } => ui.words.set(Some((lesson, words, minutes))),
        What::Notice { trouble: true, message } => ui.trouble(message),
        What::Notice { trouble: false, message } => ui.tell(message),
        What::Link(href) => act.follow(&href),
        What::Unfollow => ui.stop_following(),
        What::Step => {
            if let Some(course) = ui.course.peek().clone() {
                ui.history.write().wrote(course, lesson);
            }
        }
        What::Lost => ui.history.write().lost(&lesson),
        What::Travel(way) => act.travel(way),
    }
}
