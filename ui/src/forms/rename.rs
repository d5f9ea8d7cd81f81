//! Renaming in place.

/// Longest title, in characters; longer ones are cut when they are committed. Titles stand in lists and file names.
pub const MAX_TITLE: usize = 200;

/// What a draft becomes: one line, no space around it, not empty. `None` when nothing would change.
pub fn commit(before: &str, draft: &str) -> Option<String> {
    let line: Vec<&str> = draft.split_whitespace().collect();
    let title: String = line.join(" ").chars().take(MAX_TITLE).collect();
    (!title.is_empty() && title != before).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_equal_draft_changes_nothing() {
        assert_eq!(commit("Soil", "  "), None);
        assert_eq!(commit("Soil", " Soil "), None);
        assert_eq!(commit("Soil", "Soil\n moisture "), Some("Soil moisture".to_owned()));
        assert_eq!(commit("", &"é".repeat(300)).map(|title| title.chars().count()), Some(MAX_TITLE));
    }
}
