//! The words about who is in a course, and what each may do.
#![allow(missing_docs, reason = "each text says itself what it is")]

use super::en::{count, titled};
use inkhorn_protocol::session::Role;

pub const INVITE: &str = "Invite";
pub const EMAIL: &str = "E-mail of an account on the server";
pub const EMAIL_EXAMPLE: &str = "name@example.org";
pub const ROLE: &str = "Role";
pub const YOU: &str = "you";
pub const REMOVE: &str = "Remove from the course…";
pub const REMOVE_NOW: &str = "Remove";
pub const LEAVE: &str = "Leave the course…";
pub const LEAVE_NOW: &str = "Leave";
pub const NOT_AN_EMAIL: &str = "This is not an e-mail address: it has the form name@example.org.";
pub const ONLY_OWNER: &str =
    "You are the only owner. Make somebody else an owner before you leave or change your role.";
pub const OFFLINE: &str = "Inviting, removing and roles need the server. This is who was in the course when it was last asked; the rest is here again when you are connected.";

/// What a role allows.
pub fn allows(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Reads",
        Role::Editor => "Reads and writes",
        Role::Owner => "Reads, writes, and says who is in the course",
    }
}

/// Who is no owner learns whom to ask.
pub fn not_owner(role: Role, owners: &[String]) -> String {
    let ask = match owners.first() {
        Some(owner) => format!(" Ask {owner} (owner) to invite somebody or to change a role."),
        None => String::new(),
    };
    format!("Your role is {role}. Only an owner changes who is in this course.{ask}")
}

pub fn role_of(name: &str) -> String {
    format!("Role of {name}")
}

pub fn remove(name: &str) -> String {
    format!("Remove {name} from the course")
}

pub fn remove_question(name: &str) -> String {
    format!(
        "{name} keeps what is on their computer, and neither sends nor gets changes of this course from now on. You can invite {name} again."
    )
}

pub fn leave_question(title: &str) -> String {
    format!(
        "“{}” stays on this computer to be read. It gets no changes any more, and what you write in it is not sent. An owner can invite you again.",
        titled(title)
    )
}

pub fn invited(email: &str) -> String {
    format!("{email} is in the course now, and finds it under Join a course.")
}

pub fn has_role(name: &str, role: Role) -> String {
    format!("{name} is {role} now.")
}

pub fn removed(name: &str) -> String {
    format!("{name} is not in the course any more.")
}

pub fn number(people: usize) -> String {
    count(people as u64, "person", "people")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_no_owner_learns_whom_to_ask() {
        let said = not_owner(Role::Editor, &["Maria".into()]);
        assert_eq!(
            said,
            "Your role is editor. Only an owner changes who is in this course. Ask Maria (owner) to invite somebody or to change a role."
        );
        assert!(!not_owner(Role::Viewer, &[]).contains("Ask"));
        assert_eq!(number(1), "1 person");
    }
}
