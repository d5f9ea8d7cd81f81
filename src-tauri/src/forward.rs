//! What the core sends to the window by itself. One channel for messages, one for the bytes of lessons;
//! a reloaded page brings new ones.

use crate::WINDOW;
use crate::commands::Answer;
use crate::shell::Shell;
use inkhorn_core::{CaretStream, Core, Feed, LessonUpdate, UpdateStream};
use inkhorn_protocol::NodeId;
use inkhorn_protocol::window::{LessonHead, ToWindow};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use tauri::ipc::{Channel, InvokeResponseBody};
use tokio::task::JoinHandle;

/// A task that ends with the value.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The page that is subscribed.
pub(crate) struct Feeding {
    messages: Channel<ToWindow>,
    _task: Task,
}

impl Feeding {
    /// Whether the message left; a page that is gone takes none.
    pub(crate) fn send(&self, message: ToWindow) -> bool {
        self.messages.send(message).is_ok()
    }
}

/// The lessons that the page follows.
#[derive(Default)]
pub(crate) struct Lessons {
    page: Option<Page>,
    followed: HashMap<NodeId, Followed>,
}

/// A lesson that the page follows: its updates, and the carets in it.
struct Followed {
    updates: Task,
    _carets: Task,
}

#[derive(Clone)]
struct Page {
    messages: Channel<ToWindow>,
    bytes: Channel<InvokeResponseBody>,
    /// Under this number the page's own edits are known, so that they do not come back to it.
    editor: u64,
}

impl Lessons {
    pub(crate) fn end(&mut self, lesson: &NodeId) {
        self.followed.remove(lesson);
    }
    pub(crate) fn clear(&mut self) {
        self.followed.clear();
        self.page = None;
    }
    /// Number of the page's editor; none before it subscribed.
    pub(crate) fn editor(&self) -> Option<u64> {
        self.page.as_ref().map(|page| page.editor)
    }
}

/// A page takes its channels; those of the page before it end.
pub(crate) async fn subscribe(
    shell: &Shell,
    messages: Channel<ToWindow>,
    bytes: Channel<InvokeResponseBody>,
) -> Answer<()> {
    let core = shell.core().await?;
    // A number that no page before it had: its edits are not this page's own.
    let editor = RandomState::new().hash_one(WINDOW);
    {
        let mut lessons = shell.lessons.lock().await;
        lessons.clear();
        lessons.page = Some(Page { messages: messages.clone(), bytes, editor });
    }
    let task = Task(tokio::spawn(batches(core.subscribe(WINDOW), messages.clone())));
    *shell.feeding.lock().await = Some(Feeding { messages, _task: task });
    Ok(())
}

/// Batches of what changed, as messages.
async fn batches(mut feed: Feed, messages: Channel<ToWindow>) {
    loop {
        let batch = feed.next().await;
        let mut out = Vec::new();
        if batch.resync {
            out.push(ToWindow::Resync);
        } else if !batch.keys.is_empty() {
            out.push(ToWindow::Stale { keys: batch.keys });
        }
        out.extend(batch.assets.into_iter().map(|hash| ToWindow::AssetArrived { hash }));
        for message in out {
            if messages.send(message).is_err() {
                return;
            }
        }
    }
}

/// From now on the page gets the updates of a lesson that were made elsewhere, and the carets of others.
pub(crate) async fn follow(shell: &Shell, core: &Core, lesson: &NodeId) {
    let mut lessons = shell.lessons.lock().await;
    let Some(page) = lessons.page.clone() else { return };
    if lessons.followed.get(lesson).is_some_and(|followed| !followed.updates.0.is_finished()) {
        return;
    }
    let updates = core.lesson_updates(lesson, page.editor);
    let carets = carets_of(lesson.clone(), core.lesson_carets(lesson), page.messages.clone());
    let updates = Task(tokio::spawn(updates_of(lesson.clone(), updates, page)));
    lessons.followed.insert(lesson.clone(), Followed { updates, _carets: Task(tokio::spawn(carets)) });
}

async fn carets_of(lesson: NodeId, mut stream: CaretStream, messages: Channel<ToWindow>) {
    loop {
        let carets = stream.next().await;
        if messages.send(ToWindow::Carets { lesson: lesson.clone(), carets }).is_err() {
            return;
        }
    }
}

async fn updates_of(lesson: NodeId, mut updates: UpdateStream, page: Page) {
    while let Some(update) = updates.next().await {
        let sent = match update {
            LessonUpdate::Update { bytes, version } => {
                let head = LessonHead { lesson: lesson.clone(), access: None, version };
                match head.join(&bytes) {
                    Ok(message) => page.bytes.send(InvokeResponseBody::Raw(message)),
                    Err(_) => page.messages.send(ToWindow::LessonChanged { lesson: lesson.clone() }),
                }
            }
            LessonUpdate::Reload => page.messages.send(ToWindow::LessonReset { lesson: lesson.clone() }),
        };
        if sent.is_err() {
            return;
        }
    }
}
