//! Changes of the mock's structure, and taking them back: for one writer, by keeping what was before.

use super::world::{Course, Done, World, arg, done};
use super::{outline, store};
use crate::state::tree;
use inkhorn_protocol::change::{Changed, Step, Write};
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{NodeKind, OutlineNode, OutlineView};
use inkhorn_protocol::settings::CourseSettings;
use inkhorn_protocol::window::Failure;
use inkhorn_protocol::{CourseId, NodeId};
use serde_json::{Value, json};

fn gone() -> Failure {
    Failure::other("This is not in the outline any more.")
}

/// Nodes that stand in the order of the outline.
fn parent_of(nodes: &[OutlineNode], id: &NodeId) -> Option<NodeId> {
    tree::find(nodes, id)?.0.last().map(|parent| parent.id.clone())
}

impl World {
    /// The answer to a change, which can be taken back. The step names what was before by its number.
    pub(super) fn changed(&mut self, course: CourseId, nodes: Vec<NodeId>, before: OutlineView) -> Changed {
        self.was.push(before);
        let number = self.was.len().to_string();
        let writes = vec![Write::CourseTitle { ours: String::new(), back: number }];
        Changed { nodes, step: Some(Step { course, writes }), stayed: None }
    }

    /// The answer to a change of the settings: the step holds all of them, as they were.
    pub(super) fn set(&mut self, course: &CourseId, before: &CourseSettings) -> Result<Changed, Failure> {
        let now = &self.course(course)?.settings;
        let writes =
            vec![Write::Setting { key: String::new(), ours: Some(json!(now)), back: Some(json!(before)) }];
        let step = (now != before).then(|| Step { course: course.clone(), writes });
        Ok(Changed { nodes: vec![], step, stayed: None })
    }

    pub(super) fn change_structure(&mut self, command: &str, args: &Value) -> Done {
        if command == "take_back" {
            return self.take_back(&arg(args, "step")?);
        }
        let nodes: Vec<NodeId> = match command {
            "add" => vec![],
            "rename" => vec![arg(args, "node")?],
            _ => arg(args, "nodes")?,
        };
        let into: Option<CourseId> =
            if matches!(command, "add" | "copy_to") { Some(arg(args, "course")?) } else { None };
        let from = match nodes.first() {
            None => into.clone().ok_or_else(gone)?,
            Some(first) => {
                let holds = |course: &&Course| {
                    let view = &course.view;
                    let all = if command == "restore" { &view.trash } else { &view.nodes };
                    tree::find(all, first).or_else(|| tree::find(&view.recovered, first)).is_some()
                };
                self.courses.iter().find(holds).ok_or_else(gone)?.id.clone()
            }
        };
        let course = into.unwrap_or_else(|| from.clone());
        let before = self.course(&course)?.view.clone();
        let made = match command {
            "add" => vec![self.add_to(&course, args)?],
            "rename" => {
                let title = arg(args, "title")?;
                let view = &mut self.course(&course)?.view;
                outline::find(&mut view.nodes, &nodes[0]).ok_or_else(gone)?.title = title;
                nodes.clone()
            }
            "duplicate" | "copy_to" => self.copy(command == "duplicate", &from, &course, &nodes, args)?,
            _ => {
                let (to, next): (Option<NodeId>, Option<NodeId>) = (arg(args, "to")?, arg(args, "before")?);
                let view = &mut self.course(&course)?.view;
                // A sibling that moves too stands for the next one that does not.
                let next = next.and_then(|next| {
                    let parent = parent_of(&view.nodes, &next);
                    let siblings = parent.and_then(|parent| tree::find(&view.nodes, &parent));
                    let siblings = siblings.map_or(view.nodes.as_slice(), |(_, parent)| &parent.children);
                    let at = siblings.iter().position(|one| one.id == next)?;
                    siblings[at..].iter().find(|one| !nodes.contains(&one.id)).map(|one| one.id.clone())
                });
                for node in &nodes {
                    match command {
                        "move_nodes" => {
                            let moved = outline::take(&mut view.nodes, node)
                                .or_else(|| outline::take(&mut view.recovered, node));
                            outline::put(view, moved.ok_or_else(gone)?, to.as_ref(), next.as_ref());
                        }
                        "trash" => view.trash.extend(outline::take(&mut view.nodes, node)),
                        _ => {
                            let back = outline::take(&mut view.trash, node).ok_or_else(gone)?;
                            // Its old place is not kept here: the first chapter takes what is no chapter.
                            let under = view.nodes.first().map(|first| first.id.clone());
                            let under = under.filter(|_| back.kind != NodeKind::Chapter);
                            outline::put(view, back, under.as_ref(), None);
                        }
                    }
                }
                nodes.clone()
            }
        };
        let mut keys = vec![QueryKey::Courses, QueryKey::Outline { course: course.clone() }];
        keys.extend(nodes.into_iter().map(|lesson| QueryKey::Lesson { course: course.clone(), lesson }));
        done(self.changed(course, made, before), keys)
    }

    fn take_back(&mut self, step: &Step) -> Done {
        if let [Write::Setting { ours: Some(ours), back: Some(back), .. }] = step.writes.as_slice() {
            let now = self.course(&step.course)?.settings.clone();
            if json!(now) != *ours {
                let stayed = "This setting has another value since, and keeps it.".to_owned();
                return done(Changed { stayed: Some(stayed), ..Changed::default() }, vec![]);
            }
            let back = serde_json::from_value(back.clone());
            self.course(&step.course)?.settings = back.map_err(|error| Failure::other(error.to_string()))?;
            let keys = vec![QueryKey::Settings { course: step.course.clone() }];
            return done(self.set(&step.course, &now)?, keys);
        }
        let number = step.writes.iter().find_map(|write| match write {
            Write::CourseTitle { back, .. } => back.parse::<usize>().ok(),
            _ => None,
        });
        let was = number.and_then(|number| self.was.get(number.checked_sub(1)?)).cloned().ok_or_else(gone)?;
        let now = std::mem::replace(&mut self.course(&step.course)?.view, was);
        let course = step.course.clone();
        // Whether a lesson is in Trash is part of what is known of it.
        let lessons = [&now.nodes, &now.trash].into_iter().flat_map(|nodes| lessons(nodes));
        let mut keys: Vec<QueryKey> =
            lessons.map(|lesson| QueryKey::Lesson { course: course.clone(), lesson }).collect();
        keys.extend([QueryKey::Courses, QueryKey::Outline { course: course.clone() }]);
        done(self.changed(course, vec![], now), keys)
    }

    fn add_to(&mut self, course: &CourseId, args: &Value) -> Result<NodeId, Failure> {
        let kind: NodeKind = arg(args, "kind")?;
        let id = self.fresh()?;
        if kind == NodeKind::Lesson {
            store::seed(id.as_str(), r#"[{"type":"paragraph"}]"#);
        }
        let node = OutlineNode { id: id.clone(), kind, title: arg(args, "title")?, children: vec![] };
        let (under, before): (Option<NodeId>, Option<NodeId>) = (arg(args, "under")?, arg(args, "before")?);
        outline::put(&mut self.course(course)?.view, node, under.as_ref(), before.as_ref());
        Ok(id)
    }

    fn copy(
        &mut self,
        beside: bool,
        from: &CourseId,
        course: &CourseId,
        nodes: &[NodeId],
        args: &Value,
    ) -> Result<Vec<NodeId>, Failure> {
        let mut made = Vec::new();
        for node in nodes {
            let view = self.course(from)?.view.clone();
            let (_, original) = tree::find(&view.nodes, node).ok_or_else(gone)?;
            let mut copy = self.copy_of(original)?;
            let (parent, next) = if beside {
                copy.title += " (copy)";
                let parent = parent_of(&view.nodes, node);
                let siblings = parent.as_ref().and_then(|parent| tree::find(&view.nodes, parent));
                let siblings = siblings.map_or(view.nodes.as_slice(), |(_, parent)| &parent.children);
                let at = siblings.iter().position(|one| one.id == *node);
                let next = at.and_then(|at| siblings.get(at + 1)).map(|next| next.id.clone());
                (parent, next)
            } else {
                (arg(args, "under")?, None)
            };
            made.push(copy.id.clone());
            outline::put(&mut self.course(course)?.view, copy, parent.as_ref(), next.as_ref());
        }
        Ok(made)
    }

    fn copy_of(&mut self, node: &OutlineNode) -> Result<OutlineNode, Failure> {
        let id = self.fresh()?;
        if node.kind == NodeKind::Lesson {
            store::seed(id.as_str(), r#"[{"type":"paragraph"}]"#);
            store::apply(id.as_str(), &store::diff(node.id.as_str(), &[0]));
        }
        let children = node.children.iter().map(|child| self.copy_of(child)).collect::<Result<_, _>>()?;
        Ok(OutlineNode { id, kind: node.kind, title: node.title.clone(), children })
    }

    fn fresh(&mut self) -> Result<NodeId, Failure> {
        let drawn = self.draw();
        drawn.parse().map_err(|_| Failure::other(drawn.clone()))
    }
}

fn lessons(nodes: &[OutlineNode]) -> Vec<NodeId> {
    nodes
        .iter()
        .flat_map(|node| {
            let own = (node.kind == NodeKind::Lesson).then(|| node.id.clone());
            own.into_iter().chain(lessons(&node.children))
        })
        .collect()
}
