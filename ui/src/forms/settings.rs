//! Fields of a course's settings: what a draft becomes when it is kept.

use inkhorn_protocol::settings::{MAX_TEXT, is_language};

fn line(draft: &str) -> String {
    let words: Vec<&str> = draft.split_whitespace().collect();
    words.join(" ").chars().take(MAX_TEXT).collect()
}

/// A text that may be empty: one line. `None` when nothing would change.
pub fn text(before: &str, draft: &str) -> Option<String> {
    Some(line(draft)).filter(|text| text != before)
}

/// An entry of a list: one line, never empty.
pub fn entry(before: &str, draft: &str) -> Option<String> {
    text(before, draft).filter(|text| !text.is_empty())
}

/// A language tag, or nothing.
pub fn language(before: &str, draft: &str) -> Option<String> {
    text(before, draft).filter(|tag| fits_language(tag))
}

/// Whether a draft can be kept as a language.
pub fn fits_language(draft: &str) -> bool {
    let tag = draft.trim();
    tag.is_empty() || is_language(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_becomes_one_line_and_an_entry_is_never_emptied_by_accident() {
        assert_eq!(text("a", "  CC\nBY "), Some("CC BY".to_owned()));
        assert_eq!((text("a", " a "), text("a", "")), (None, Some(String::new())));
        assert_eq!((entry("a", " "), entry("a", "b")), (None, Some("b".to_owned())));
        assert_eq!(entry("", &"é".repeat(900)).map(|text| text.chars().count()), Some(MAX_TEXT));
    }

    #[test]
    fn only_what_has_the_form_of_a_language_is_one() {
        assert_eq!(
            (language("", " pt-BR"), language("en", "")),
            (Some("pt-BR".to_owned()), Some(String::new()))
        );
        assert_eq!(language("en", "Portuguese, mostly"), None);
        assert!(!fits_language("en_GB") && fits_language(" "));
    }
}
