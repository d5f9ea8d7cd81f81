//! The words of a course's settings.
#![allow(missing_docs, reason = "each text says itself what it is")]

pub const MENU: &str = "Course settings…";
pub const HEADING: &str = "Course settings";
pub const KEPT: &str = "Each field is saved on this computer as soon as you leave it.";
pub const TITLE: &str = "Title";
pub const LANGUAGE: &str = "Language";
pub const LANGUAGE_HINT: &str = "Spelling and screen readers go by it.";
pub const LANGUAGE_TAG: &str = "Language tag";
pub const LANGUAGE_TAG_HINT: &str = "A tag such as en, pt-BR or zh-Hant.";
pub const NOT_A_LANGUAGE: &str = "This is not a language tag. It has the form en, pt-BR or zh-Hant.";
pub const NOT_SAID: &str = "Not said";
pub const OTHER: &str = "Other…";
pub const DIRECTION: &str = "Direction of the text";
pub const AUTO: &str = "Automatic";
pub const LTR: &str = "Left to right";
pub const RTL: &str = "Right to left";
pub const LICENCE: &str = "Licence";
pub const LICENCE_TEXT: &str = "Licence in your words";
pub const AUTHORS: &str = "Authors";
pub const AUTHORS_ADD: &str = "Add an author";
pub const OBJECTIVES: &str = "Objectives";
pub const OBJECTIVES_HINT: &str = "What learners can do at the end.";
pub const OBJECTIVES_ADD: &str = "Add an objective";
pub const ADD: &str = "Add";
pub const UP: &str = "Move up";
pub const DOWN: &str = "Move down";
pub const REMOVE: &str = "Remove";
pub const COVER: &str = "Cover";
pub const COVER_HINT: &str = "An image that stands for the course.";
pub const COVER_CHOOSE: &str = "Choose an image…";
pub const COVER_REMOVE: &str = "Remove the cover";
pub const COVER_AWAY: &str = "The cover has not arrived on this computer yet.";
pub const UNREAD: &str = "The file could not be read. The cover stays as it is; choose it again.";

/// Languages that many courses are written in, by their own names.
pub const LANGUAGES: &[(&str, &str)] = &[
    ("ar", "العربية"),
    ("bn", "বাংলা"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("en-GB", "English (UK)"),
    ("en-US", "English (US)"),
    ("es", "Español"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hu", "Magyar"),
    ("id", "Bahasa Indonesia"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("nb", "Norsk bokmål"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("pt-BR", "Português (Brasil)"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("sv", "Svenska"),
    ("sw", "Kiswahili"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("ur", "اردو"),
    ("vi", "Tiếng Việt"),
    ("zh-Hans", "简体中文"),
    ("zh-Hant", "繁體中文"),
];

/// Licences that courses are given.
pub const LICENCES: &[&str] = &[
    "CC0 1.0",
    "CC BY 4.0",
    "CC BY-SA 4.0",
    "CC BY-NC 4.0",
    "CC BY-NC-SA 4.0",
    "CC BY-ND 4.0",
    "CC BY-NC-ND 4.0",
];

pub fn of_entry(what: &str, number: usize) -> String {
    format!("{what} {number}")
}

pub fn entry_action(action: &str, text: &str) -> String {
    format!("{action}: {text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkhorn_protocol::settings::is_language;

    #[test]
    fn every_language_of_the_list_has_a_tag_that_counts_as_one() {
        assert!(LANGUAGES.iter().all(|(tag, _)| is_language(tag)));
        assert!(LANGUAGES.is_sorted_by_key(|(tag, _)| *tag));
    }
}
