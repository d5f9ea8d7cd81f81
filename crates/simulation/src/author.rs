//! What people do with a course on a computer: in windows, and by commands as the core has them.

use crate::client::{Client, Saved};
use crate::ledger::{Ledger, Written};
use crate::net::Net;
use crate::plan::Edit;
use crate::window::Window;
use futures_util::future::{BoxFuture, join_all};
use inkhorn_course::{Lesson, client_id};
use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::{NodeKind, OutlineNode, OutlineView};
use inkhorn_protocol::{CourseId, DocId, NodeId, schema};
use inkhorn_replica::{Edited, Origin, Replica, ReplicaError};
use rand::RngCore;
use std::collections::{BTreeMap, HashMap};

/// Somebody at a computer.
#[derive(Default)]
pub(crate) struct Author {
    windows: BTreeMap<DocId, Window>,
    count: u64,
    /// Edits that the disk has not done yet.
    queued: Vec<(Written, BoxFuture<'static, Saved>)>,
}

/// Nodes of a view that people see, outside Trash, of these kinds.
fn shown(view: &OutlineView, kinds: &[NodeKind]) -> Vec<OutlineNode> {
    fn collect(nodes: &[OutlineNode], kinds: &[NodeKind], into: &mut Vec<OutlineNode>) {
        for node in nodes {
            if kinds.contains(&node.kind) {
                into.push(node.clone());
            }
            collect(&node.children, kinds, into);
        }
    }
    let mut found = Vec::new();
    collect(&view.nodes, kinds, &mut found);
    collect(&view.recovered, kinds, &mut found);
    found
}

fn one<T: Clone>(of: &[T], pick: u32) -> Option<T> {
    if of.is_empty() { None } else { of.get(pick as usize % of.len()).cloned() }
}

impl Author {
    /// The computer ended: windows and what was not saved are gone.
    pub(crate) fn gone(&mut self) {
        self.windows.clear();
        self.queued.clear();
    }

    /// Edits that were queued when the computer ends in the midst of their commit.
    pub(crate) fn take_queued(&mut self) -> Vec<BoxFuture<'static, Saved>> {
        std::mem::take(&mut self.queued).into_iter().map(|(_, future)| future).collect()
    }

    /// The history of a document was rebuilt: its window loads it anew.
    pub(crate) fn reset(&mut self, doc: &DocId) {
        self.windows.remove(doc);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.queued.is_empty()
    }

    /// Lets the disk do what is queued.
    pub(crate) fn save(&mut self, client: &Client, ledger: &mut Ledger) -> Result<(), String> {
        let (written, futures): (Vec<_>, Vec<_>) = std::mem::take(&mut self.queued).into_iter().unzip();
        let outcomes = client.block(join_all(futures)).unwrap_or_default();
        for (written, outcome) in written.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => ledger.saved(&written),
                // Full: the window keeps it and pushes again; here it is as if it had never been typed.
                Err(ReplicaError::DiskFull | ReplicaError::Io { .. } | ReplicaError::Operation(_)) => {
                    self.windows.clear();
                }
                // What the window builds on was refused before it, by a full disk.
                Err(ReplicaError::Gap { .. }) => self.windows.clear(),
                Err(error) => return Err(format!("client {}: an edit was refused: {error}", client.number)),
            }
        }
        Ok(())
    }

    /// Does something, as far as it can be done here now.
    pub(crate) fn edit(
        &mut self,
        client: &Client,
        course: &CourseId,
        edit: Edit,
        pick: u32,
        ledger: &mut Ledger,
        net: &mut Net,
    ) -> Result<bool, String> {
        let fail = |error: ReplicaError| format!("client {}: {error}", client.number);
        let Some(replica) = client.replica().cloned() else { return Ok(false) };
        let row = client.ask(|replica| {
            let (replica, course) = (replica.clone(), course.clone());
            async move { replica.course(&course).await }
        });
        // Nothing is offered to who may not write.
        if !row.map_err(fail)?.role.is_some_and(|role| role.may_write()) {
            return Ok(false);
        }
        let view = client.ask(|replica| {
            let (replica, course) = (replica.clone(), course.clone());
            async move { replica.outline(&course).await }
        });
        let view = match view {
            Ok(view) => view,
            Err(ReplicaError::UnknownCourse(_)) => return Ok(false),
            Err(error) => return Err(fail(error)),
        };
        let lesson = one(&shown(&view, &[NodeKind::Lesson]), pick).map(|node| node.id);
        match edit {
            Edit::Type | Edit::Erase | Edit::Append => {
                let Some(lesson) = lesson else { return Ok(false) };
                self.write(client, &replica, &lesson, edit, pick, ledger, net)
            }
            _ => {
                let mut id = || {
                    let mut bytes = [0; 16];
                    net.rng.fill_bytes(&mut bytes);
                    bytes
                };
                let (written, future) =
                    match outline_edit(client, &replica, course, &view, edit, pick, &mut id)? {
                        Some(queued) => queued,
                        None => return Ok(false),
                    };
                match &written {
                    Written::Node(node) => ledger.node(node.clone()),
                    _ => ledger.count += 1,
                }
                self.queued.push((written, future));
                Ok(true)
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one caller")]
    fn write(
        &mut self,
        client: &Client,
        replica: &Replica,
        lesson: &NodeId,
        edit: Edit,
        pick: u32,
        ledger: &mut Ledger,
        net: &mut Net,
    ) -> Result<bool, String> {
        let doc = DocId::Lesson(lesson.clone());
        let state = match client.state(&doc) {
            Ok(state) if state.version > 0 => state,
            // Not arrived: it cannot be edited.
            Ok(_) | Err(ReplicaError::UnknownDoc(_)) => return Ok(false),
            Err(error) => return Err(format!("client {}: {error}", client.number)),
        };
        if edit == Edit::Append {
            let mark = ledger.mark(&doc);
            let block = Node::new("paragraph", vec![Node::text(mark.clone())]);
            let (replica, lesson) = (replica.clone(), lesson.clone());
            let append = move |lesson: &mut Lesson, _: &mut dyn inkhorn_course::Random| {
                Ok(Edited::new((), lesson.append(&[block])?))
            };
            let future = async move { replica.edit_lesson(&lesson, Origin::Core, append).await };
            self.queued.push((Written::Mark(mark), Box::pin(future)));
            return Ok(true);
        }
        self.count += 1;
        let number = self.count;
        let window = self.windows.entry(doc.clone()).or_insert_with(|| {
            let mut random = || {
                let mut bytes = [0; 16];
                net.rng.fill_bytes(&mut bytes);
                bytes
            };
            Window::new(client_id(&mut random), number)
        });
        window.show(&state.bytes)?;
        let (update, written) = match edit {
            Edit::Erase => {
                let Some((update, mark)) = window.erase_mark(pick) else { return Ok(false) };
                ledger.erase(mark);
                (update, Written::Other)
            }
            _ => {
                let mark = ledger.mark(&doc);
                (window.type_mark(&mark, pick), Written::Mark(mark))
            }
        };
        let saved = replica.apply_local(&doc, update, Origin::Editor(window.number));
        self.queued.push((written, Box::pin(async move { saved.await.map(drop) })));
        Ok(true)
    }
}

type Queued = (Written, BoxFuture<'static, Saved>);

fn outline_edit(
    client: &Client,
    replica: &Replica,
    course: &CourseId,
    view: &OutlineView,
    edit: Edit,
    pick: u32,
    id: &mut dyn FnMut() -> [u8; 16],
) -> Result<Option<Queued>, String> {
    let (replica, course) = (replica.clone(), course.clone());
    let parents = shown(view, &[NodeKind::Chapter, NodeKind::Section]);
    let lessons = shown(view, &[NodeKind::Lesson]);
    let any = shown(view, &[NodeKind::Chapter, NodeKind::Section, NodeKind::Lesson]);
    let future: BoxFuture<'static, Saved> = match edit {
        Edit::AddChapter | Edit::AddLesson => {
            let node = NodeId::from_random(id());
            let kind = if edit == Edit::AddChapter { NodeKind::Chapter } else { NodeKind::Lesson };
            let parent = one(&parents, pick).filter(|_| kind == NodeKind::Lesson).map(|node| node.id);
            if kind == NodeKind::Lesson && parent.is_none() {
                return Ok(None);
            }
            let first = match kind {
                NodeKind::Lesson => {
                    let body = Node::new("doc", vec![]);
                    let made =
                        Lesson::create(client_id(&mut || id()), &body, schema::BODY_SCHEMA_VERSION, &[]);
                    Some(made.map_err(|error| error.to_string())?.1)
                }
                _ => None,
            };
            let added = node.clone();
            let future = async move {
                let add = move |outline: &mut inkhorn_course::Outline,
                                random: &mut dyn inkhorn_course::Random| {
                    let update = outline.add(random, kind, parent.as_ref(), None, "new", added.clone())?;
                    let edited = Edited::new((), [update]);
                    Ok(match first {
                        Some(first) => edited.creating(DocId::Lesson(added), first),
                        None => edited,
                    })
                };
                replica.edit_outline(&course, Origin::Core, add).await
            };
            return Ok(Some((Written::Node(node), Box::pin(future))));
        }
        Edit::Rename => {
            let Some(node) = one(&any, pick) else { return Ok(None) };
            let title = format!("title {pick}");
            Box::pin(async move {
                replica
                    .edit_outline(&course, Origin::Core, move |outline, _| {
                        Ok(Edited::new((), outline.rename(&node.id, &title)?))
                    })
                    .await
            })
        }
        Edit::Move => {
            let (Some(node), Some(to)) = (one(&lessons, pick), one(&parents, pick / 13)) else {
                return Ok(None);
            };
            Box::pin(async move {
                replica
                    .edit_outline(&course, Origin::Core, move |outline, random| {
                        Ok(Edited::new((), outline.move_node(random, &node.id, Some(&to.id), None)?))
                    })
                    .await
            })
        }
        Edit::Trash => {
            let Some(node) = one(&any, pick) else { return Ok(None) };
            let seen = seen(client, &node)?;
            Box::pin(async move {
                replica
                    .edit_outline(&course, Origin::Core, move |outline, random| {
                        let update = outline.trash(random, &node.id, &|lesson| seen.get(lesson).cloned())?;
                        Ok(Edited::new((), update))
                    })
                    .await
            })
        }
        Edit::Restore => {
            let Some(node) = one(&view.trash, pick) else { return Ok(None) };
            Box::pin(async move {
                replica
                    .edit_outline(&course, Origin::Core, move |outline, _| {
                        Ok(Edited::new((), outline.restore(&node.id)?))
                    })
                    .await
            })
        }
        Edit::Type | Edit::Erase | Edit::Append => return Ok(None),
    };
    Ok(Some((Written::Other, future)))
}

/// What somebody who trashes a node has seen of the lessons in it.
fn seen(client: &Client, node: &OutlineNode) -> Result<HashMap<NodeId, Vec<u8>>, String> {
    let mut seen = HashMap::new();
    let mut stack = vec![node];
    while let Some(node) = stack.pop() {
        stack.extend(&node.children);
        if node.kind != NodeKind::Lesson {
            continue;
        }
        let doc = DocId::Lesson(node.id.clone());
        match client.ask(|replica| replica.state_vector(&doc)) {
            Ok(read) if read.version > 0 => {
                seen.insert(node.id.clone(), read.bytes);
            }
            Ok(_) | Err(ReplicaError::UnknownDoc(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(seen)
}
