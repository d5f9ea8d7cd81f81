//! Settings of a course in the mock.

use inkhorn_protocol::NodeId;
use inkhorn_protocol::settings::{Change, CourseSettings, Entry, List};

fn entries(settings: &mut CourseSettings, list: List) -> &mut Vec<Entry> {
    match list {
        List::Authors => &mut settings.authors,
        List::Objectives => &mut settings.objectives,
    }
}

fn at(entries: &[Entry], id: &NodeId) -> Option<usize> {
    entries.iter().position(|entry| entry.id == *id)
}

/// As the core does it, without the merging.
pub(super) fn change(settings: &mut CourseSettings, change: Change) {
    match change {
        Change::Language { value } => settings.language = value,
        Change::Direction { value } => settings.direction = value,
        Change::Licence { value } => settings.licence = value,
        Change::Cover { cover } => settings.cover = cover,
        Change::Add { list, id, text } => entries(settings, list).push(Entry { id, text }),
        Change::Text { list, id, text } => {
            let entries = entries(settings, list);
            match at(entries, &id) {
                Some(at) => entries[at].text = text,
                None => entries.push(Entry { id, text }),
            }
        }
        Change::Move { list, id, before } => {
            let entries = entries(settings, list);
            let Some(from) = at(entries, &id) else { return };
            let entry = entries.remove(from);
            let to = before.and_then(|before| at(entries, &before)).unwrap_or(entries.len());
            entries.insert(to, entry);
        }
        Change::Remove { list, id } => entries(settings, list).retain(|entry| entry.id != id),
    }
}
