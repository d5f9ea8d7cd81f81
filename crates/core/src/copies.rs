//! Copies of chapters, sections and lessons: beside the original, or in another course.

use crate::documents::named_in;
use crate::structure::{Held, changed, refuse};
use crate::{Code, Core, CoreError, Result};
use inkhorn_course::{Lesson, NewNode, client_id};
use inkhorn_protocol::body::{Attrs, Node};
use inkhorn_protocol::change::Changed;
use inkhorn_protocol::projection::{AssetRef, NodeKind, OutlineNode};
use inkhorn_protocol::{CourseId, DocId, NodeId, schema};
use inkhorn_replica::{Edited, Origin, ReplicaError};
use std::collections::HashMap;

/// What is written behind the title of a copy that stands beside its original.
const COPY: &str = " (copy)";

/// Longest title, in characters.
const MAX_TITLE: usize = 300;

/// Documents of the copies, made and not stored.
#[derive(Default)]
struct Copies {
    /// The copy of each original.
    ids: HashMap<NodeId, NodeId>,
    first: Vec<(DocId, Vec<u8>)>,
    assets: Vec<(NodeId, AssetRef)>,
    held: Held,
}

impl Core {
    /// Copies nodes of one course, each with all below it, right behind the original. Links between what is copied lead
    /// to the copies. All or nothing.
    ///
    /// # Errors
    /// [`Code::Invalid`] for a lesson that is not fully here, [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn duplicate(&self, nodes: Vec<NodeId>) -> Result<Changed> {
        let Some(first) = nodes.first() else { return Ok(Changed::default()) };
        let course = self.writable(first).await?;
        let view = self.outline(&course).await?;
        let roots: Vec<OutlineNode> = nodes.iter().map(|id| named_in(&view, id)).collect::<Result<_>>()?;
        let copies = self.copies(&roots, None).await?;
        let mut trees = Vec::new();
        for root in &roots {
            let parent = crate::outline::parent_of(&view.nodes, &root.id).cloned();
            let mut list = Vec::new();
            tree(root, parent, &copies.ids, &mut list);
            if let Some(top) = list.first_mut() {
                let room = MAX_TITLE - COPY.chars().count();
                top.title = top.title.chars().take(room).chain(COPY.chars()).collect();
            }
            trees.push((Some(root.id.clone()), list));
        }
        self.put_copies(&course, trees, copies).await
    }

    /// Copies nodes into another course, under a chapter or section there. Without one, chapters go to its end, and what
    /// is no chapter into a new chapter that is named after the course it comes from. Links between what is copied lead
    /// to the copies, other links to lessons become text that says so. All or nothing.
    ///
    /// # Errors
    /// [`Code::Invalid`] for a lesson or an image that is not fully here and for what cannot stand there,
    /// [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn copy_to(&self, nodes: Vec<NodeId>, to: &CourseId, under: Option<NodeId>) -> Result<Changed> {
        let Some(first) = nodes.first() else { return Ok(Changed::default()) };
        let from = self.course_of(first).await?;
        self.may_write(to).await?;
        let view = self.outline(&from).await?;
        let roots: Vec<OutlineNode> = nodes.iter().map(|id| named_in(&view, id)).collect::<Result<_>>()?;
        let copies = self.copies(&roots, Some(&view.title)).await?;
        let mut list = Vec::new();
        let under = match under {
            None if roots.iter().any(|root| root.kind != NodeKind::Chapter) => {
                let chapter = NodeId::from_random(crate::random16());
                let title = if view.title.is_empty() { "Untitled course".to_owned() } else { view.title };
                list.push(NewNode { id: chapter.clone(), kind: NodeKind::Chapter, parent: None, title });
                Some(chapter)
            }
            under => under,
        };
        // Each a tree of its own, so that each goes to the end of what is there.
        let mut trees = vec![(None, list)];
        for root in &roots {
            let mut list = Vec::new();
            let parent = under.clone().filter(|_| root.kind != NodeKind::Chapter);
            tree(root, parent, &copies.ids, &mut list);
            trees.push((None, list));
        }
        self.put_copies(to, trees, copies).await
    }

    async fn put_copies(
        &self,
        course: &CourseId,
        trees: Vec<(Option<NodeId>, Vec<NewNode>)>,
        copies: Copies,
    ) -> Result<Changed> {
        let made = trees.iter().filter_map(|(_, nodes)| nodes.first()).map(|node| node.id.clone()).collect();
        let edit = self.replica().edit_outline(course, Origin::Core, move |outline, random| {
            let done = copies.held.with(|lessons| outline.add_trees(random, &trees, lessons))?;
            let mut edited = Edited::new(done.back, done.update);
            edited.created = copies.first;
            edited.assets = copies.assets;
            Ok(edited)
        });
        let back = edit.await?;
        Ok(changed(course, made, back))
    }

    /// The documents of copies of these trees. `elsewhere` names the course that they leave.
    async fn copies(&self, roots: &[OutlineNode], elsewhere: Option<&str>) -> Result<Copies> {
        let mut copies = Copies::default();
        let mut all = Vec::new();
        let mut next: Vec<&OutlineNode> = roots.iter().collect();
        while let Some(node) = next.pop() {
            copies.ids.insert(node.id.clone(), NodeId::from_random(crate::random16()));
            next.extend(&node.children);
            all.push(node);
        }
        for node in all.into_iter().filter(|node| node.kind == NodeKind::Lesson) {
            let (mut body, assets, front) = self.whole(node).await?;
            if elsewhere.is_some() {
                self.check_here(node, &assets).await?;
            }
            rewire(&mut body, &copies.ids, elsewhere);
            let client = client_id(&mut crate::random16);
            let version = schema::BODY_SCHEMA_VERSION;
            let made = Lesson::create_with_front_matter(client, &body, version, &assets, &front);
            let (lesson, first) = made.map_err(ReplicaError::from)?;
            let Some(id) = copies.ids.get(&node.id).cloned() else { continue };
            copies.held.take(&id, &lesson)?;
            copies.first.push((DocId::Lesson(id.clone()), first));
            copies.assets.extend(assets.into_iter().map(|asset| (id.clone(), asset)));
        }
        Ok(copies)
    }

    /// All that a lesson holds, if all of it is here and known.
    async fn whole(&self, node: &OutlineNode) -> Result<(Node, Vec<AssetRef>, Attrs)> {
        let read = self.replica().with_lesson(&node.id, |lesson| {
            let whole = (lesson.body()?, lesson.assets()?, lesson.front_matter()?);
            let newer = lesson.has_unknown_content()?;
            Ok::<_, inkhorn_course::BodyError>((whole, newer, lesson.schema_version()?))
        });
        match read.await {
            Ok(read) => match read.map_err(ReplicaError::from)? {
                (_, true, _) => {
                    Err(refuse(&node.title, "was made by a newer Inkhorn. Update Inkhorn to copy it."))
                }
                (whole, false, Some(_)) => Ok(whole),
                (_, false, None) => Err(not_arrived(&node.title)),
            },
            Err(ReplicaError::UnknownDoc(_)) => Err(not_arrived(&node.title)),
            Err(error) => Err(error.into()),
        }
    }

    /// Another course gets its files from this computer alone.
    async fn check_here(&self, node: &OutlineNode, assets: &[AssetRef]) -> Result<()> {
        for asset in assets {
            if !self.replica().asset(&asset.hash).await?.is_some_and(|row| row.here) {
                return Err(refuse(
                    &node.title,
                    "shows a file that has not arrived on this computer yet. Copy it after the next sync.",
                ));
            }
        }
        Ok(())
    }
}

fn not_arrived(title: &str) -> CoreError {
    let why = format!("“{title}” has not arrived on this computer yet. Copy it after the next sync.");
    CoreError::new(Code::NotFound, why)
}

/// A node and all below it, with the ids of the copies, parents first.
fn tree(node: &OutlineNode, parent: Option<NodeId>, ids: &HashMap<NodeId, NodeId>, list: &mut Vec<NewNode>) {
    let Some(id) = ids.get(&node.id).cloned() else { return };
    list.push(NewNode { id: id.clone(), kind: node.kind, parent, title: node.title.clone() });
    // Three levels at most.
    for child in &node.children {
        tree(child, Some(id.clone()), ids, list);
    }
}

/// The lesson that an address names, and what is behind the name.
fn lesson_of(href: &str) -> Option<(NodeId, &str)> {
    let rest = href.strip_prefix("lesson:")?;
    let (id, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
    Some((id.parse().ok()?, fragment))
}

/// Makes links to what was copied lead to the copies. In a copy that leaves its course, other links to lessons become
/// text that says where they led.
fn rewire(node: &mut Node, ids: &HashMap<NodeId, NodeId>, elsewhere: Option<&str>) {
    let wire = |attrs: &mut Attrs| {
        for value in attrs.values_mut() {
            let target = value.as_str().and_then(lesson_of);
            let copy = target.and_then(|(id, fragment)| Some(format!("lesson:{}{fragment}", ids.get(&id)?)));
            if let Some(copy) = copy {
                *value = copy.into();
            }
        }
    };
    wire(&mut node.attrs);
    for mark in &mut node.marks {
        wire(&mut mark.attrs);
    }
    let Some(course) = elsewhere else {
        node.content.iter_mut().for_each(|child| rewire(child, ids, elsewhere));
        return;
    };
    let mut content = Vec::with_capacity(node.content.len());
    let mut lost: Option<String> = None;
    for mut child in std::mem::take(&mut node.content) {
        let gone = lost_link(&mut child, ids);
        if let Some(before) = &lost
            && gone.as_ref() != Some(before)
        {
            content.push(note(course));
        }
        lost = gone;
        // Bodies are of bounded depth: what is deeper was refused when it was read.
        rewire(&mut child, ids, elsewhere);
        content.push(child);
    }
    if lost.is_some() {
        content.push(note(course));
    }
    node.content = content;
}

/// Takes a link off that would lead out of the copy's course; where it led.
fn lost_link(node: &mut Node, ids: &HashMap<NodeId, NodeId>) -> Option<String> {
    let href = |mark: &inkhorn_protocol::body::Mark| {
        let href = mark.attrs.get("href")?.as_str()?;
        let (id, _) = lesson_of(href)?;
        (!ids.contains_key(&id)).then(|| href.to_owned())
    };
    let lost = node.marks.iter().find_map(href)?;
    node.marks.retain(|mark| href(mark).is_none());
    Some(lost)
}

fn note(course: &str) -> Node {
    Node::text(format!(" (in the course “{course}”)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn linked(text: &str, href: &str) -> serde_json::Value {
        json!({ "type": "text", "text": text, "marks": [{ "type": "link", "attrs": { "href": href } }] })
    }

    #[test]
    fn links_follow_their_targets_and_those_that_stay_behind_say_where_they_led() {
        let body = json!({ "type": "doc", "content": [{ "type": "paragraph", "content": [
            linked("here", "lesson:a#top"), linked("there", "lesson:b"), { "type": "text", "text": "." },
            linked("web", "https://example.org") ] }] });
        let ids = HashMap::from([("a".parse().unwrap(), "a2".parse().unwrap())]);
        let mut same: Node = serde_json::from_value(body.clone()).unwrap();
        rewire(&mut same, &ids, None);
        let text = serde_json::to_string(&same).unwrap();
        assert!(
            text.contains("lesson:a2#top") && text.contains("lesson:b") && !text.contains("Soil"),
            "{text}"
        );
        let mut other: Node = serde_json::from_value(body).unwrap();
        rewire(&mut other, &ids, Some("Soil"));
        let paragraph = serde_json::to_value(&other.content[0].content).unwrap();
        let plain = |text: &str| json!({ "type": "text", "text": text });
        assert_eq!(
            paragraph,
            json!([
                linked("here", "lesson:a2#top"),
                plain("there"),
                plain(" (in the course “Soil”)"),
                plain("."),
                linked("web", "https://example.org")
            ])
        );
    }
}
