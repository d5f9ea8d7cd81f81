//! Settings of a course: what it says of itself. Durable here at once, merged field by field.

use crate::structure::{changed, edited};
use crate::{Code, Core, CoreError, Result, blocking};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::change::Changed;
use inkhorn_protocol::media;
use inkhorn_protocol::projection::AssetRef;
use inkhorn_protocol::rest::MAX_ASSET_BYTES;
use inkhorn_protocol::settings::{Change, CourseSettings, List, MAX_ENTRIES, MAX_TEXT, is_language};
use inkhorn_replica::{Origin, ReplicaError};

impl Core {
    /// Settings of a course.
    ///
    /// # Errors
    /// [`Code::NotFound`], and the store's.
    pub async fn course_settings(&self, course: &CourseId) -> Result<CourseSettings> {
        let read = self.replica().with_outline(course, |outline| outline.settings()).await?;
        Ok(read.map_err(|error| ReplicaError::from(inkhorn_course::OpError::from(error)))?)
    }

    /// Changes one setting of a course; the answer takes it back.
    ///
    /// # Errors
    /// [`Code::Invalid`] for a value that cannot be, [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn change_settings(&self, course: &CourseId, change: Change) -> Result<Changed> {
        self.may_write(course).await?;
        let change = checked(change)?;
        if let Change::Add { list, .. } = &change {
            let now = self.course_settings(course).await?;
            let entries = match list {
                List::Authors => now.authors.len(),
                List::Objectives => now.objectives.len(),
            };
            if entries >= MAX_ENTRIES {
                let message = format!(
                    "This list has {MAX_ENTRIES} entries, which is all that it takes. Remove one first."
                );
                return Err(CoreError::new(Code::Invalid, message));
            }
        }
        let edit = self.replica().edit_outline(course, Origin::Core, move |outline, random| {
            Ok(edited(outline.alter_settings(random, &change)?))
        });
        Ok(changed(course, vec![], edit.await?))
    }

    /// Stores an image and makes it the picture of a course; the answer takes that back. The type is told by the content.
    ///
    /// # Errors
    /// [`Code::Invalid`] for a file that is too large or no image, [`Code::Denied`], [`Code::NotFound`], and the store's.
    pub async fn set_cover(&self, course: &CourseId, name: &str, bytes: Vec<u8>) -> Result<Changed> {
        self.may_write(course).await?;
        let size = bytes.len() as u64;
        if size > MAX_ASSET_BYTES {
            let message = format!(
                "This file is larger than {} MB, the limit for images. The cover stays as it is; make the file smaller and \
                 choose it again.",
                MAX_ASSET_BYTES >> 20
            );
            return Err(CoreError::new(Code::Invalid, message));
        }
        let mime = media::sniff(&bytes);
        if media::kind(mime) != media::Kind::Image {
            return Err(CoreError::new(
                Code::Invalid,
                "This file is not an image that Inkhorn can show: PNG, JPEG, GIF, WebP, AVIF, BMP and SVG work. The cover \
                 stays as it is.",
            ));
        }
        let replica = self.replica().clone();
        // Durable before it is named.
        let hash = blocking(move || Ok(replica.files().put(&bytes)?)).await?;
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let name = name.chars().filter(|c| !c.is_control()).take(120).collect();
        let cover = AssetRef { hash, mime: mime.to_owned(), bytes: size, name };
        self.change_settings(course, Change::Cover { cover: Some(cover) }).await
    }
}

/// One line, no space around it.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The change as it is stored, or why it cannot be.
fn checked(change: Change) -> Result<Change> {
    let invalid = |message: String| Err(CoreError::new(Code::Invalid, message));
    let long = |text: &str| text.chars().count() > MAX_TEXT;
    let too_long = || {
        invalid(format!("This text is longer than {MAX_TEXT} characters. Shorten it; nothing was changed."))
    };
    Ok(match change {
        Change::Language { value } => {
            let value = line(&value);
            if !value.is_empty() && !is_language(&value) {
                return invalid(format!(
                    "“{value}” is not a language tag. Use one such as en, pt-BR or zh-Hant."
                ));
            }
            Change::Language { value }
        }
        Change::Licence { value } => {
            let value = line(&value);
            if long(&value) {
                return too_long();
            }
            Change::Licence { value }
        }
        Change::Add { list, id, text } => {
            let text = line(&text);
            if text.is_empty() || long(&text) {
                return if text.is_empty() {
                    invalid("An entry needs a text.".to_owned())
                } else {
                    too_long()
                };
            }
            Change::Add { list, id, text }
        }
        Change::Text { list, id, text } => {
            let text = line(&text);
            if text.is_empty() {
                return Ok(Change::Remove { list, id });
            }
            if long(&text) {
                return too_long();
            }
            Change::Text { list, id, text }
        }
        other => other,
    })
}
