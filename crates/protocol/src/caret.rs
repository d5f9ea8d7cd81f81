//! Carets in a lesson: the awareness states of the document `lesson:<id>`, in the form of y-protocols, y-prosemirror and
//! Tiptap's collaboration caret, so that web clients by others show ours and we show theirs:
//! `{"user": {"name", "color", "hue"}, "cursor": {"anchor", "head"}}`, both ends as relative positions of Yjs.
//!
//! What others send is taken by shape and bounded; whether it is a place in the document only the editor knows.

use crate::awareness::{HUES, MAX_NUMBER, User};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Colours of the hues for clients that know none, in the light form of `--peer-1…8` (`ui/styles/tokens.css`): six hex
/// digits are the only form that y-prosemirror takes.
const COLOURS: [&str; HUES as usize] =
    ["#96484A", "#8B5511", "#67680B", "#247448", "#00747B", "#24689B", "#63579B", "#874A7B"];

/// Longest name of a root that a position may be relative to, in bytes. Ours is `body`.
const MAX_ROOT_BYTES: usize = 64;

/// Somebody who has a lesson open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caret {
    /// Awareness client id: the Yjs client id that their edits carry.
    pub client: u64,
    /// Name, as the server knows it.
    pub name: String,
    /// Colour, 0 to 7, stable for a person.
    pub hue: u8,
    /// Where they are; none while they only read.
    pub cursor: Option<Cursor>,
}

impl Caret {
    /// What is understood of a client's state; none when it does not name anybody.
    pub fn read(client: u64, json: &str) -> Option<Self> {
        let state: Value = serde_json::from_str(json).ok()?;
        let User { name, hue } = User::of(&state)?;
        let cursor = state.get("cursor").and_then(|cursor| Cursor::deserialize(cursor).ok());
        Some(Self { client, name, hue, cursor: cursor.filter(Cursor::is_plausible) })
    }
}

/// Both ends of a selection; the head is where the caret stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Where it began.
    pub anchor: Position,
    /// Where it is.
    pub head: Position,
}

impl Cursor {
    /// Whether both ends are numbers and names that Yjs can have.
    pub fn is_plausible(&self) -> bool {
        self.anchor.is_plausible() && self.head.is_plausible()
    }
}

/// A place that moves with the text around it: a relative position of Yjs as JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Type that it is at the end of, when there is no item.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Id>,
    /// The same for a type that is a root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tname: Option<String>,
    /// Item that it is at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Id>,
    /// Below 0: behind that item; otherwise before it.
    #[serde(default)]
    pub assoc: i32,
}

impl Position {
    fn is_plausible(&self) -> bool {
        let ids = [&self.of, &self.item];
        ids.iter().all(|id| id.as_ref().is_none_or(|id| id.client < MAX_NUMBER && id.clock < MAX_NUMBER))
            && self.tname.as_ref().is_none_or(|name| name.len() <= MAX_ROOT_BYTES)
            && (self.tname.is_some() || ids.iter().any(|id| id.is_some()))
    }
}

/// An item of a Yjs document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Id {
    /// Client that made it.
    pub client: u64,
    /// Its number there.
    pub clock: u64,
}

/// What the app says of its user in a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who.
    pub user: User,
    /// Where; none while nothing is being edited.
    pub cursor: Option<Cursor>,
}

impl Said {
    /// As JSON, for [`Entry::state`](crate::awareness::Entry::state).
    pub fn write(&self) -> String {
        let User { name, hue } = &self.user;
        let color = COLOURS[usize::from(*hue) % COLOURS.len()];
        json!({ "user": { "name": name, "hue": hue, "color": color }, "cursor": self.cursor }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `JSON.stringify` writes what `yCursorPlugin` puts into a state.
    const FOREIGN: &str = r##"{"user":{"name":"Ada","color":"#ff0000"},"cursor":{
        "anchor":{"type":{"client":7,"clock":2},"tname":null,"item":null,"assoc":-1},
        "head":{"type":null,"tname":null,"item":{"client":7,"clock":31},"assoc":-1}}}"##;

    #[test]
    fn the_caret_of_a_web_client_by_others_is_read_and_ours_has_the_same_form() {
        let caret = Caret::read(5, FOREIGN).unwrap();
        let cursor = caret.cursor.clone().unwrap();
        assert_eq!((caret.client, caret.name.as_str()), (5, "Ada"));
        assert_eq!(cursor.head.item, Some(Id { client: 7, clock: 31 }));
        let user = User { name: "Ada".into(), hue: 3 };
        let said = Said { user, cursor: Some(cursor.clone()) }.write();
        let value: Value = serde_json::from_str(&said).unwrap();
        assert_eq!(value["user"], json!({ "name": "Ada", "hue": 3, "color": "#247448" }));
        assert_eq!(value["cursor"]["anchor"], json!({ "type": { "client": 7, "clock": 2 }, "assoc": -1 }));
        assert_eq!(Caret::read(5, &said).unwrap().cursor, Some(cursor));
    }

    #[test]
    fn who_has_no_caret_or_one_that_does_not_read_is_there_all_the_same() {
        let cursor = |cursor: &str| {
            let state = format!(r#"{{"user":{{"name":"Ada"}},"cursor":{cursor}}}"#);
            Caret::read(1, &state).expect("somebody").cursor
        };
        let at = r#"{"type":null,"tname":"body","item":null,"assoc":0}"#;
        assert!(cursor(&format!(r#"{{"anchor":{at},"head":{at}}}"#)).is_some());
        let long = format!(r#"{{"tname":"{}"}}"#, "x".repeat(65));
        for bad in ["null", "7", "{}", "[]", r#"{"anchor":{},"head":{}}"#, r#"{"x":1}"#] {
            assert_eq!(cursor(bad), None, "{bad}");
        }
        for end in [
            &long,
            "{}",
            r#"{"item":{"client":-1,"clock":0}}"#,
            r#"{"item":{"client":1e300,"clock":0}}"#,
            r#"{"item":{"client":9007199254740992,"clock":0}}"#,
            r#"{"item":{"client":1}}"#,
            r#"{"item":"1:2"}"#,
            r#"{"tname":"body","assoc":1.5}"#,
        ] {
            assert_eq!(cursor(&format!(r#"{{"anchor":{at},"head":{end}}}"#)), None, "{end}");
        }
        assert_eq!(Caret::read(1, r#"{"cursor":null}"#), None, "nobody");
    }

    #[test]
    fn a_web_client_is_told_the_colours_of_the_style_sheet() {
        let tokens = include_str!("../../../ui/styles/tokens.css");
        for (n, colour) in (1..).zip(COLOURS) {
            assert!(
                tokens.contains(&format!("--peer-{n}: light-dark({colour}, ")),
                "--peer-{n} is not {colour}"
            );
        }
    }
}
