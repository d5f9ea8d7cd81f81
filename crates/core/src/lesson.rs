//! Lessons: for an editor as bytes, for everybody else as Markdown.

use crate::pace::Pace;
use crate::{Code, Core, CoreError, Result};
use inkhorn_formats::{body_to_markdown, markdown_to_blocks};
use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::Access;
use inkhorn_protocol::{DocId, NodeId};
use inkhorn_replica::{Change, ChangeKind, Edited, Origin, ReplicaError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;

/// Time between two updates of a lesson for a window, on average: every second frame of a usual screen. Each costs the
/// editor about the same however much it brings, and nobody reads faster.
const UPDATE_EVERY: Duration = Duration::from_millis(33);

/// Updates that may follow each other at once after a quiet time: what three people type is shown as it comes.
const AT_ONCE: u32 = 3;

/// Updates that leave as one, at most. A frame of a storm has a few hundred; more make the window's frame a long one.
const MOST_JOINED: usize = 1_000;

/// A lesson as an editor opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonState {
    /// Whether it can be edited.
    pub access: Access,
    /// Its whole state, a Yjs v1 update.
    pub bytes: Vec<u8>,
    /// Local version of that state.
    pub version: u64,
}

/// The blocks of a Markdown text, as a lesson's body would have them. Writes nothing; any text is Markdown.
pub fn markdown_blocks(markdown: &str) -> Vec<Node> {
    markdown_to_blocks(markdown)
}

/// What happened to an open lesson elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LessonUpdate {
    /// Apply this Yjs v1 update.
    Update {
        /// The update.
        bytes: Arc<[u8]>,
        /// Local version after it.
        version: u64,
    },
    /// Throw the document away and open it again: its history was rebuilt, or updates were missed.
    Reload,
}

/// Updates of one lesson that were made elsewhere, each once, in order. The first few come at once; those of a storm
/// come as one, at most one for every second frame of the screen. Dropping it unsubscribes.
#[derive(Debug)]
pub struct UpdateStream {
    receiver: broadcast::Receiver<Arc<Change>>,
    own: Origin,
    /// What came since the last one left, with the versions after them.
    waiting: VecDeque<(Arc<[u8]>, u64)>,
    pace: Pace,
    /// The session keeps the document subscribed while somebody listens.
    _open: crate::net::OpenDoc,
}

impl UpdateStream {
    /// Waits for the next one; `None` when the profile is closed. Cancel safe.
    pub async fn next(&mut self) -> Option<LessonUpdate> {
        loop {
            let change = tokio::select! {
                // First all that is here already: it leaves together.
                biased;
                change = self.receiver.recv(), if self.waiting.len() < MOST_JOINED => change,
                () = tokio::time::sleep_until(self.pace.next()), if !self.waiting.is_empty() => {
                    return self.joined();
                }
            };
            let change = match change {
                Ok(change) => change,
                Err(broadcast::error::RecvError::Lagged(_)) => return Some(self.reload()),
                Err(broadcast::error::RecvError::Closed) => return self.joined(),
            };
            match &change.kind {
                ChangeKind::Reset => return Some(self.reload()),
                ChangeKind::Update(_) if change.origin == self.own => {}
                ChangeKind::Update(bytes) => self.waiting.push_back((bytes.clone(), change.version)),
            }
        }
    }

    /// The whole document is asked for: what waits is part of it.
    fn reload(&mut self) -> LessonUpdate {
        self.waiting.clear();
        LessonUpdate::Reload
    }

    /// All that waits as one update.
    fn joined(&mut self) -> Option<LessonUpdate> {
        let (last, version) = self.waiting.back().map(|(bytes, version)| (bytes.clone(), *version))?;
        if self.waiting.len() == 1 {
            self.waiting.clear();
            self.pace.went();
            return Some(LessonUpdate::Update { bytes: last, version });
        }
        if let Some(bytes) = inkhorn_updates::join(self.waiting.iter().map(|(bytes, _)| &**bytes)) {
            self.waiting.clear();
            self.pace.went();
            // An editor needs no text that was written over before it saw it; a storm is little else.
            let bytes = inkhorn_updates::thin(&bytes).unwrap_or(bytes);
            return Some(LessonUpdate::Update { bytes: bytes.into(), version });
        }
        // They do not follow each other, which an order of updates should not have: then one by one, without a pause.
        self.waiting.pop_front().map(|(bytes, version)| LessonUpdate::Update { bytes, version })
    }
}

impl Core {
    /// A lesson's state for an editor. Writes nothing. Subscribe with [`Core::lesson_updates`] first: what comes twice
    /// does no harm, what falls between is lost.
    ///
    /// # Errors
    /// [`Code::NotFound`], and the store's.
    pub async fn lesson_open(&self, lesson: &NodeId) -> Result<LessonState> {
        let course = self.course_of(lesson).await?;
        let info = self.lesson_info(&course, lesson).await?;
        match self.replica().state(&DocId::Lesson(lesson.clone())).await {
            Ok(read) => Ok(LessonState { access: info.access, bytes: read.bytes, version: read.version }),
            // An empty state, which is not to be edited.
            Err(ReplicaError::UnknownDoc(_)) => {
                Ok(LessonState { access: Access::NotArrived, bytes: vec![0, 0], version: 0 })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What an editor at this state vector lacks.
    ///
    /// # Errors
    /// [`Code::NotFound`], [`Code::Invalid`] for a malformed vector, and the store's.
    pub async fn lesson_diff(&self, lesson: &NodeId, state_vector: Vec<u8>) -> Result<LessonState> {
        let read = self.replica().diff(&DocId::Lesson(lesson.clone()), state_vector).await?;
        Ok(LessonState { access: Access::Edit, bytes: read.bytes, version: read.version })
    }

    /// Takes an update from an editor and returns when it is durable, with the version after it. `editor` is a number
    /// that the editor drew when it opened: its own pushes do not come back to it.
    ///
    /// # Errors
    /// [`Code::Invalid`] when the update is not acceptable: nothing was taken, the editor keeps its text aside and opens
    /// the lesson again. [`Code::DiskFull`]: the same push may be repeated.
    pub async fn lesson_push(&self, lesson: &NodeId, editor: u64, update: Vec<u8>) -> Result<u64> {
        let doc = DocId::Lesson(lesson.clone());
        Ok(self.replica().apply_local(&doc, update, Origin::Editor(editor)).await?)
    }

    /// Updates of a lesson from now on that this editor did not make.
    pub fn lesson_updates(&self, lesson: &NodeId, editor: u64) -> UpdateStream {
        UpdateStream {
            receiver: self.replica().updates(&DocId::Lesson(lesson.clone())),
            own: Origin::Editor(editor),
            waiting: VecDeque::new(),
            pace: Pace::new(UPDATE_EVERY, AT_ONCE),
            _open: self.net().open_doc(&DocId::Lesson(lesson.clone())),
        }
    }

    /// Adds Markdown at the end of a lesson.
    ///
    /// # Errors
    /// [`Code::Invalid`] when it cannot be edited here, [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn append_markdown(&self, lesson: &NodeId, markdown: &str) -> Result<()> {
        self.editable(lesson).await?;
        let blocks = markdown_to_blocks(markdown);
        let edit = self
            .replica()
            .edit_lesson(lesson, Origin::Core, move |lesson, _| Ok(Edited::new((), lesson.append(&blocks)?)));
        Ok(edit.await?)
    }

    /// Says why a lesson cannot be edited here, if it cannot.
    pub(crate) async fn editable(&self, lesson: &NodeId) -> Result<()> {
        let course = self.writable(lesson).await?;
        let node = self.named(&course, lesson).await?;
        let refuse = |why: &str| Err(CoreError::new(Code::Invalid, format!("“{}” {why}", node.title)));
        match self.lesson_info(&course, lesson).await?.access {
            Access::Edit => Ok(()),
            Access::Trashed => refuse("is in Trash. Restore it to edit it."),
            Access::NotArrived if node.kind != inkhorn_protocol::projection::NodeKind::Lesson => {
                refuse("is not a lesson: it has no text of its own.")
            }
            Access::NotArrived => {
                refuse("has not arrived on this computer yet. It comes with the next sync.")
            }
            Access::Newer => refuse("was made by a newer Inkhorn. Update Inkhorn to edit it."),
            Access::ReadOnly { .. } => self.may_write(&course).await,
        }
    }

    /// A lesson's body as Markdown, without the empty lines of an editor at its beginning and end.
    ///
    /// # Errors
    /// [`Code::NotFound`], and the store's.
    pub async fn lesson_markdown(&self, lesson: &NodeId) -> Result<String> {
        let mut body = self.lesson_body(lesson).await?;
        let is_empty = |block: &Node| block.kind == "paragraph" && block.content.is_empty();
        let begin = body.content.iter().take_while(|block| is_empty(block)).count();
        body.content.drain(..begin);
        while body.content.last().is_some_and(is_empty) {
            body.content.pop();
        }
        Ok(body_to_markdown(&body))
    }
}
