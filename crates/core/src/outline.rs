//! Commands on outlines. Each one is durable when it returns.

use crate::{Code, Core, CoreError, Result, random16};
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use inkhorn_protocol::{CourseId, NodeId};
use inkhorn_replica::{NewCourse, ReplicaError};

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

    /// As [`Core::title_course`], for who does not take it back.
    ///
    /// # Errors
    /// As there.
    pub async fn rename_course(&self, course: &CourseId, title: &str) -> Result<()> {
        self.title_course(course, title).await.map(drop)
    }

    /// As [`Core::add_node`]; the id of what was added.
    ///
    /// # Errors
    /// As there.
    pub async fn add(
        &self,
        course: &CourseId,
        kind: NodeKind,
        under: Option<NodeId>,
        before: Option<NodeId>,
        title: &str,
    ) -> Result<NodeId> {
        let changed = self.add_node(course, kind, under, before, title).await?;
        let made = changed.nodes.into_iter().next();
        made.ok_or_else(|| CoreError::new(Code::Other, "What was added has no name."))
    }

    /// As [`Core::rename_node`], for who does not take it back.
    ///
    /// # Errors
    /// As there.
    pub async fn rename(&self, node: &NodeId, title: &str) -> Result<()> {
        self.rename_node(node, title).await.map(drop)
    }

    /// As [`Core::move_nodes`], for one node and for who does not take it back.
    ///
    /// # Errors
    /// As there.
    pub async fn move_node(&self, node: &NodeId, to: Option<NodeId>, before: Option<NodeId>) -> Result<()> {
        self.move_nodes(vec![node.clone()], to, before).await.map(drop)
    }

    /// As [`Core::trash_nodes`], for one node and for who does not take it back.
    ///
    /// # Errors
    /// As there.
    pub async fn trash(&self, node: &NodeId) -> Result<()> {
        self.trash_nodes(vec![node.clone()]).await.map(drop)
    }

    /// As [`Core::restore_nodes`], for one node and for who does not take it back.
    ///
    /// # Errors
    /// As there.
    pub async fn restore(&self, node: &NodeId) -> Result<()> {
        self.restore_nodes(vec![node.clone()]).await.map(drop)
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
pub(crate) fn parent_of<'a>(nodes: &'a [OutlineNode], child: &NodeId) -> Option<&'a NodeId> {
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
