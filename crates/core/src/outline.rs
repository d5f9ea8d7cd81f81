//! Commands on outlines. Each one is durable when it returns.

use crate::documents::lessons;
use crate::{Code, Core, CoreError, Result, random16};
use inkhorn_course::{Lesson, client_id};
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use inkhorn_protocol::{CourseId, DocId, NodeId, body::Node, schema};
use inkhorn_replica::{Edited, NewCourse, Origin, ReplicaError};
use std::collections::HashMap;

/// Longest title, in characters: it stands on one line of an outline.
const MAX_TITLE: usize = 300;

impl Core {
    /// A new, empty course.
    ///
    /// # Errors
    /// [`Code::Invalid`] for an empty title, and the store's.
    pub async fn create_course(&self, title: &str) -> Result<CourseId> {
        let title = checked(title)?;
        let id = CourseId::from_random(random16());
        let course = NewCourse::titled(&mut random16, id.clone(), &title).map_err(ReplicaError::from)?;
        self.replica().create_course(course).await?;
        Ok(id)
    }

    /// Gives a course another title.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn rename_course(&self, course: &CourseId, title: &str) -> Result<()> {
        let title = checked(title)?;
        self.may_write(course).await?;
        let edit = self.replica().edit_outline(course, Origin::Core, move |outline, _| {
            Ok(Edited::new((), outline.set_title(&title)?))
        });
        edit.await?;
        // The rename is done; should this fail, the title is told when everything else is synced.
        if let Err(error) = self.net().title_changed(course).await {
            tracing::warn!(%error, "the new title waits for the next sync");
        }
        Ok(())
    }

    /// Adds a chapter, section or lesson under a node (`None`: the course), before a sibling or at the end. A lesson's
    /// document is created with it, in the same transaction.
    ///
    /// # Errors
    /// [`Code::Invalid`] when it cannot stand there, [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn add(
        &self,
        course: &CourseId,
        kind: NodeKind,
        under: Option<NodeId>,
        before: Option<NodeId>,
        title: &str,
    ) -> Result<NodeId> {
        let title = checked(title)?;
        self.may_write(course).await?;
        let id = NodeId::from_random(random16());
        let first = match kind {
            NodeKind::Lesson => {
                // The model gives it the one empty paragraph that an editor stands in.
                let empty = Node::new("doc", vec![]);
                let client = client_id(&mut random16);
                let created = Lesson::create(client, &empty, schema::BODY_SCHEMA_VERSION, &[]);
                Some(created.map_err(ReplicaError::from)?.1)
            }
            NodeKind::Chapter | NodeKind::Section => None,
        };
        let edit = self.replica().edit_outline(course, Origin::Core, move |outline, random| {
            let update = outline.add(random, kind, under.as_ref(), before.as_ref(), &title, id.clone())?;
            let edited = Edited::new(id.clone(), [update]);
            Ok(match first {
                Some(first) => edited.creating(DocId::Lesson(id), first),
                None => edited,
            })
        });
        Ok(edit.await?)
    }

    /// Gives a node another title.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn rename(&self, node: &NodeId, title: &str) -> Result<()> {
        let title = checked(title)?;
        let course = self.writable(node).await?;
        let node = node.clone();
        let edit = self.replica().edit_outline(&course, Origin::Core, move |outline, _| {
            Ok(Edited::new((), outline.rename(&node, &title)?))
        });
        Ok(edit.await?)
    }

    /// Moves a node under another one, before a sibling or to the end. Without a parent it goes to where `before` stands,
    /// else it stays under its own.
    ///
    /// # Errors
    /// [`Code::Invalid`] when it cannot stand there, [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn move_node(&self, node: &NodeId, to: Option<NodeId>, before: Option<NodeId>) -> Result<()> {
        let course = self.writable(node).await?;
        let to = match (to, &before) {
            (None, Some(before)) => {
                let view = self.outline(&course).await?;
                parent_of(&view.nodes, before).cloned()
            }
            (to, _) => to,
        };
        let node = node.clone();
        let edit = self.replica().edit_outline(&course, Origin::Core, move |outline, random| {
            Ok(Edited::new((), outline.move_node(random, &node, to.as_ref(), before.as_ref())?))
        });
        Ok(edit.await?)
    }

    /// Puts a node and all that it shows into Trash. A lesson that has not arrived cannot go there: what it holds would
    /// be lost unseen.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn trash(&self, node: &NodeId) -> Result<()> {
        let course = self.writable(node).await?;
        let mut below = Vec::new();
        lessons(&self.named(&course, node).await?, &mut below);
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
        let node = node.clone();
        let edit = self.replica().edit_outline(&course, Origin::Core, move |outline, random| {
            Ok(Edited::new((), outline.trash(random, &node, &|lesson| seen.get(lesson).cloned())?))
        });
        Ok(edit.await?)
    }

    /// Takes a node out of Trash, with all that went there with it.
    ///
    /// # Errors
    /// [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn restore(&self, node: &NodeId) -> Result<()> {
        let course = self.writable(node).await?;
        let node = node.clone();
        let edit = self.replica().edit_outline(&course, Origin::Core, move |outline, _| {
            Ok(Edited::new((), outline.restore(&node)?))
        });
        Ok(edit.await?)
    }

    /// The course of a node, if it may be changed.
    pub(crate) async fn writable(&self, node: &NodeId) -> Result<CourseId> {
        let course = self.course_of(node).await?;
        self.may_write(&course).await?;
        Ok(course)
    }

    /// Refuses to change a course that the server would not take changes of.
    pub(crate) async fn may_write(&self, course: &CourseId) -> Result<()> {
        let row = self.replica().course(course).await?;
        if !row.shared || row.role.is_some_and(|role| role.may_write()) {
            return Ok(());
        }
        let ask = match row.owners.first() {
            Some(owner) => format!(" Ask {owner} (owner) for editor access."),
            None => String::new(),
        };
        let why = match row.role {
            Some(role) => format!("You can read this course but not change it: your role is {role}."),
            None => "You are not a member of this course any more. What is on this computer stays readable."
                .to_owned(),
        };
        Err(CoreError::new(Code::Denied, why + &ask))
    }
}

/// The node that a node stands under; `None` at the top, and for what is not in these nodes.
fn parent_of<'a>(nodes: &'a [OutlineNode], child: &NodeId) -> Option<&'a NodeId> {
    nodes.iter().find_map(|node| {
        if node.children.iter().any(|below| below.id == *child) {
            Some(&node.id)
        } else {
            parent_of(&node.children, child)
        }
    })
}

/// A title as it is kept: one line, no spaces around it.
pub(crate) fn checked(title: &str) -> Result<String> {
    let one_line: Vec<&str> =
        title.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let title = one_line.join(" ");
    if title.is_empty() {
        return Err(CoreError::new(Code::Invalid, "A title needs at least one character."));
    }
    if title.chars().count() > MAX_TITLE {
        return Err(CoreError::new(Code::Invalid, format!("A title has at most {MAX_TITLE} characters.")));
    }
    Ok(title)
}
