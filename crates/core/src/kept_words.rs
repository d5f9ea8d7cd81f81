//! Words that somebody else took away without having seen them: with the paragraph that they deleted or moved while an author
//! on this computer wrote in it. The replica keeps such a paragraph; its author puts it back, or lets it go.

use crate::documents::find;
use crate::{Code, Core, CoreError, Result};
use inkhorn_course::lost::plain;
use inkhorn_formats::body_to_markdown;
use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::{KeptWords, OutlineView};
use inkhorn_protocol::{CourseId, NodeId};
use inkhorn_replica::{Edited, Origin};
use std::collections::HashMap;

/// Characters of a preview: two lines of the sync centre.
const PREVIEW: usize = 160;

impl Core {
    /// Words that are kept, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn kept_words(&self) -> Result<Vec<KeptWords>> {
        let mut outlines: HashMap<CourseId, OutlineView> = HashMap::new();
        let mut kept = Vec::new();
        for row in self.replica().kept().await? {
            if !outlines.contains_key(&row.course) {
                let view = self.outline(&row.course).await.unwrap_or_default();
                outlines.insert(row.course.clone(), view);
            }
            let Some(view) = outlines.get(&row.course) else { continue };
            let block = Node::new("doc", row.blocks);
            kept.push(KeptWords {
                id: row.id,
                course_title: view.title.clone(),
                title: find(view, &row.lesson).map(|node| node.title.clone()).unwrap_or_default(),
                course: row.course,
                lesson: row.lesson,
                at_ms: row.at_ms,
                preview: preview(&plain(&block)),
                markdown: body_to_markdown(&block),
            });
        }
        Ok(kept)
    }

    /// Writes the block that kept words were in anew, where it stood or else at the end of its lesson. It is kept no more
    /// then. Gives the lesson.
    ///
    /// # Errors
    /// [`Code::NotFound`] where nothing of that number is kept; [`Code::Denied`] and [`Code::Invalid`] while the lesson
    /// cannot be edited here: it stays kept then.
    pub async fn put_back_kept(&self, id: u64) -> Result<NodeId> {
        let kept = self.replica().kept().await?.into_iter().find(|kept| kept.id == id);
        let kept = kept.ok_or_else(|| {
            let message = format!("There are no kept words {id} here: they were put back, or let go.");
            CoreError::new(Code::NotFound, message)
        })?;
        let lesson = kept.lesson;
        self.editable(&lesson).await?;
        let edit = self.replica().edit_lesson(&lesson, Origin::Core, move |lesson, _| {
            let mut edited = Edited::new((), lesson.put_blocks(&kept.place, &kept.blocks)?);
            edited.put_back = Some(id);
            Ok(edited)
        });
        edit.await?;
        Ok(lesson)
    }

    /// Forgets kept words, by word of their author. Nothing happens where there are none of that number.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_kept(&self, id: u64) -> Result<()> {
        Ok(self.replica().forget_kept(id).await?)
    }
}

/// One line of text, cut at a word.
fn preview(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((cut, _)) = line.char_indices().nth(PREVIEW) else { return line };
    let short = line.get(..cut).unwrap_or_default();
    let short = short.rsplit_once(' ').map_or(short, |(words, _)| words);
    format!("{short}…")
}
