//! Changes of a course's structure, each with what takes it back. Each one is durable when it returns.

use crate::documents::lessons;
use crate::outline::{checked, parent_of};
use crate::{Code, Core, CoreError, Result};
use inkhorn_course::{Done, Lesson, Lessons, client_id};
use inkhorn_protocol::change::{Changed, Kept, Step, Write};
use inkhorn_protocol::projection::{NodeKind, OutlineView};
use inkhorn_protocol::{CourseId, DocId, NodeId, body::Node, schema};
use inkhorn_replica::{Edited, Files, Origin, ReplicaError};
use std::collections::HashMap;

/// What lessons hold, by their ids; those that are not fully loaded are not in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held {
    seen: HashMap<NodeId, Vec<u8>>,
    holds: HashMap<NodeId, String>,
}

impl Held {
    /// Runs with this as the course model asks for it.
    pub(crate) fn with<T>(&self, run: impl FnOnce(&Lessons<'_>) -> T) -> T {
        let seen = |id: &NodeId| self.seen.get(id).cloned();
        let holds = |id: &NodeId| self.holds.get(id).cloned();
        run(&Lessons { seen: &seen, holds: &holds })
    }

    /// Takes in a lesson that was just made.
    pub(crate) fn take(&mut self, id: &NodeId, lesson: &Lesson) -> Result<(), ReplicaError> {
        if let Some((seen, holds)) = look(lesson)? {
            self.seen.insert(id.clone(), seen);
            self.holds.insert(id.clone(), holds);
        }
        Ok(())
    }
}

/// State vector and fingerprint of what a lesson holds; `None` before its first update has arrived.
fn look(lesson: &Lesson) -> Result<Option<(Vec<u8>, String)>, inkhorn_course::BodyError> {
    if lesson.schema_version()?.is_none() {
        return Ok(None);
    }
    let body = serde_json::to_vec(&lesson.body()?).unwrap_or_default();
    Ok(Some((lesson.state_vector()?, Files::hash(&body).as_str().to_owned())))
}

impl Core {
    /// Gives a course another title.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn title_course(&self, course: &CourseId, title: &str) -> Result<Changed> {
        let title = checked(title)?;
        self.may_write(course).await?;
        let edit = self
            .replica()
            .edit_outline(course, Origin::Core, move |outline, _| Ok(edited(outline.change_title(&title)?)));
        let back = edit.await?;
        self.tell_title(course).await;
        Ok(changed(course, vec![], back))
    }

    /// Adds a chapter, section or lesson under a node (`None`: the course), before a sibling or at the end. A lesson's
    /// document is created with it, in the same transaction.
    ///
    /// # Errors
    /// [`Code::Invalid`] when it cannot stand there, [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn add_node(
        &self,
        course: &CourseId,
        kind: NodeKind,
        under: Option<NodeId>,
        before: Option<NodeId>,
        title: &str,
    ) -> Result<Changed> {
        let title = checked(title)?;
        self.may_write(course).await?;
        let id = NodeId::from_random(crate::random16());
        let (new, mut held, mut first) = (id.clone(), Held::default(), None);
        if kind == NodeKind::Lesson {
            // The model gives it the one empty paragraph that an editor stands in.
            let empty = Node::new("doc", vec![]);
            let client = client_id(&mut crate::random16);
            let created = Lesson::create(client, &empty, schema::BODY_SCHEMA_VERSION, &[]);
            let (lesson, update) = created.map_err(ReplicaError::from)?;
            held.take(&id, &lesson)?;
            first = Some(update);
        }
        let edit = self.replica().edit_outline(course, Origin::Core, move |outline, random| {
            let update = outline.add(random, kind, under.as_ref(), before.as_ref(), &title, id.clone())?;
            let back = held.with(|lessons| outline.trash_of(std::slice::from_ref(&id), lessons))?;
            let edited = Edited::new(back, [update]);
            Ok(match first {
                Some(first) => edited.creating(DocId::Lesson(id), first),
                None => edited,
            })
        });
        let back = edit.await?;
        Ok(changed(course, vec![new], back))
    }

    /// Gives a node another title.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn rename_node(&self, node: &NodeId, title: &str) -> Result<Changed> {
        let title = checked(title)?;
        let course = self.writable(node).await?;
        let id = node.clone();
        let edit = self.replica().edit_outline(&course, Origin::Core, move |outline, _| {
            Ok(edited(outline.change_name(&id, &title)?))
        });
        let back = edit.await?;
        Ok(changed(&course, vec![node.clone()], back))
    }

    /// Moves nodes of one course, in this order, under another one, before a sibling or to the end. Without a parent they
    /// go to where `before` stands, else they stay under that of the first.
    ///
    /// # Errors
    /// [`Code::Invalid`] when one cannot stand there, [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn move_nodes(
        &self,
        nodes: Vec<NodeId>,
        to: Option<NodeId>,
        before: Option<NodeId>,
    ) -> Result<Changed> {
        let Some(first) = nodes.first() else { return Ok(Changed::default()) };
        let course = self.writable(first).await?;
        let to = match (to, &before) {
            (None, Some(before)) => {
                let view = self.outline(&course).await?;
                parent_of(&view.nodes, before).cloned()
            }
            (to, _) => to,
        };
        let moved = nodes.clone();
        let edit = self.replica().edit_outline(&course, Origin::Core, move |outline, random| {
            Ok(edited(outline.move_all(random, &nodes, to.as_ref(), before.as_ref())?))
        });
        let back = edit.await?;
        Ok(changed(&course, moved, back))
    }

    /// Puts nodes of one course and all that they show into Trash, as one action. A lesson that has not arrived cannot
    /// go there: what it holds would be lost unseen.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn trash_nodes(&self, nodes: Vec<NodeId>) -> Result<Changed> {
        let Some(first) = nodes.first() else { return Ok(Changed::default()) };
        let course = self.writable(first).await?;
        let below = self.lessons_below(&course, &nodes).await?;
        // What is edited between this look and the trashing counts as unseen, and brings the lesson back.
        let mut seen = HashMap::new();
        for lesson in below {
            match self.replica().state_vector(&DocId::Lesson(lesson.clone())).await {
                Ok(read) if read.version > 0 => {
                    seen.insert(lesson, read.bytes);
                }
                Ok(_) | Err(ReplicaError::UnknownDoc(_) | ReplicaError::Damaged { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let gone = nodes.clone();
        let edit = self.replica().edit_outline(&course, Origin::Core, move |outline, random| {
            Ok(edited(outline.trash_all(random, &nodes, &|lesson| seen.get(lesson).cloned())?))
        });
        let back = edit.await?;
        Ok(changed(&course, gone, back))
    }

    /// The lessons among nodes of a course and below them.
    async fn lessons_below(&self, course: &CourseId, nodes: &[NodeId]) -> Result<Vec<NodeId>> {
        let view = self.outline(course).await?;
        let mut below = Vec::new();
        for node in nodes {
            lessons(&crate::documents::named_in(&view, node)?, &mut below);
        }
        Ok(below)
    }

    /// Takes nodes out of Trash, each with all that went there with it.
    ///
    /// # Errors
    /// [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn restore_nodes(&self, nodes: Vec<NodeId>) -> Result<Changed> {
        let Some(first) = nodes.first() else { return Ok(Changed::default()) };
        let course = self.writable(first).await?;
        let below = self.lessons_below(&course, &nodes).await?;
        let held = self.held(below).await?;
        let back_again = nodes.clone();
        let edit = self.replica().edit_outline(&course, Origin::Core, move |outline, _| {
            Ok(edited(held.with(|lessons| outline.restore_all(&nodes, lessons))?))
        });
        let back = edit.await?;
        Ok(changed(&course, back_again, back))
    }

    /// Takes a change back, or does it again: writes only what is still as its author left it, and says what stayed.
    ///
    /// # Errors
    /// [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn take_back(&self, step: Step) -> Result<Changed> {
        let Step { course, writes } = step;
        self.may_write(&course).await?;
        let of = |write: &Write| match write {
            Write::Trash { node, .. } | Write::Restore { node, .. } => Some(node.clone()),
            _ => None,
        };
        let held = self.held(writes.iter().filter_map(of).collect()).await?;
        let named = writes.iter().any(|write| matches!(write, Write::CourseTitle { .. }));
        let nodes = writes.iter().filter_map(node_of).collect();
        let edit = self.replica().edit_outline(&course, Origin::Core, move |outline, random| {
            let (done, stays) = held.with(|lessons| outline.take_back(random, &writes, lessons))?;
            Ok(Edited::new((done.back, stays), done.update))
        });
        let (back, stays) = edit.await?;
        if named {
            self.tell_title(&course).await;
        }
        let mut changed = changed(&course, nodes, back);
        if !stays.is_empty() {
            changed.stayed = Some(why(&self.outline(&course).await?, &stays));
        }
        Ok(changed)
    }

    /// What these lessons hold now. Ids of what is no lesson, and of what has not arrived, are passed over.
    pub(crate) async fn held(&self, ids: Vec<NodeId>) -> Result<Held> {
        let mut held = Held::default();
        for id in ids {
            match self.replica().with_lesson(&id, look).await {
                Ok(Ok(Some((seen, holds)))) => {
                    held.seen.insert(id.clone(), seen);
                    held.holds.insert(id, holds);
                }
                Ok(Ok(None) | Err(_)) | Err(ReplicaError::UnknownDoc(_) | ReplicaError::Damaged { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(held)
    }

    /// The rename is done; should this fail, the title is told when everything else is synced.
    async fn tell_title(&self, course: &CourseId) {
        if let Err(error) = self.net().title_changed(course).await {
            tracing::warn!(%error, "the new title waits for the next sync");
        }
    }
}

pub(crate) fn edited(done: Done) -> Edited<Vec<Write>> {
    Edited::new(done.back, done.update)
}

/// The answer to a change that was made.
pub(crate) fn changed(course: &CourseId, nodes: Vec<NodeId>, writes: Vec<Write>) -> Changed {
    let step = (!writes.is_empty()).then(|| Step { course: course.clone(), writes });
    Changed { nodes, step, stayed: None }
}

fn node_of(write: &Write) -> Option<NodeId> {
    match write {
        Write::CourseTitle { .. } | Write::Setting { .. } => None,
        Write::Title { node, .. }
        | Write::Place { node, .. }
        | Write::Restore { node, .. }
        | Write::Trash { node, .. } => Some(node.clone()),
    }
}

/// Why something stayed as it was: the first reason, and how many others there are.
fn why(view: &OutlineView, stays: &[(Option<NodeId>, Kept)]) -> String {
    // A chapter that stays because something in it does is not the reason.
    let reason = stays.iter().find(|(_, kept)| *kept != Kept::Filled).or(stays.first());
    let Some((node, kept)) = reason else { return String::new() };
    let title = node.as_ref().and_then(|node| crate::documents::find(view, node)).map(|node| &node.title);
    let name = title.map_or_else(|| "The course".to_owned(), |title| format!("“{title}”"));
    let text = match kept {
        Kept::Renamed => format!("{name} has another title since, and keeps it."),
        Kept::Changed => "This setting has another value since, and keeps it.".to_owned(),
        Kept::Moved => format!("{name} was moved since, and stays where it is."),
        Kept::Trashed => format!("{name} was put into Trash since, and stays there."),
        Kept::Restored => format!("{name} is out of Trash already."),
        Kept::Written => {
            format!("{name} holds other text since, and stays. Move it to Trash if you do not need it.")
        }
        Kept::Filled => {
            format!("{name} holds something else since, and stays. Move it to Trash if you do not need it.")
        }
        Kept::NoPlace => format!("{name} stays where it is: what it stood in is not there any more."),
        Kept::Unknown => "It is not in this course any more.".to_owned(),
    };
    match stays.len() - 1 {
        0 => text,
        1 => format!("{text} Another one stays as it is, too."),
        more => format!("{text} {more} others stay as they are, too."),
    }
}

/// Refuses what a lesson of a newer Inkhorn, or one that has not arrived, would lose.
pub(crate) fn refuse(title: &str, why: &str) -> CoreError {
    CoreError::new(Code::Invalid, format!("“{title}” {why}"))
}
