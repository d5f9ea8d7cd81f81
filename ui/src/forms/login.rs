//! Signing in to a server.

use super::form::Form;

/// A text field of the sign-in form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// Address of the server.
    Server,
    /// E-mail.
    Email,
    /// Password or token.
    Secret,
}

/// The sign-in form: texts over what is known of the account, and two switches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The texts. Known are the server and the e-mail that were used last.
    pub texts: Form<Field, String>,
    /// How the user signs in.
    pub with: With,
    /// Plain http although the server is not on this computer.
    pub allow_plain: bool,
}

impl SignIn {
    /// A form with what is known filled in.
    pub fn new(server: &str, email: &str) -> Self {
        let texts = Form::new([
            (Field::Server, server.to_owned()),
            (Field::Email, email.to_owned()),
            (Field::Secret, String::new()),
        ]);
        Self { texts, with: With::default(), allow_plain: false }
    }

    /// What is known of the account changed.
    pub fn refresh(&mut self, server: &str, email: &str) {
        self.texts.refresh([(Field::Server, server.to_owned()), (Field::Email, email.to_owned())]);
    }

    /// Text of a field.
    pub fn text(&self, field: Field) -> &str {
        self.texts.value(&field).map_or("", String::as_str)
    }

    /// What would be sent.
    pub fn login(&self) -> Login {
        Login {
            server: self.text(Field::Server).to_owned(),
            with: self.with,
            email: self.text(Field::Email).to_owned(),
            secret: self.text(Field::Secret).to_owned(),
            allow_plain: self.allow_plain,
        }
    }

    /// Whether it can be sent: complete, nothing to decide, no word half composed.
    pub fn is_ready(&self) -> bool {
        self.login().is_complete() && !self.texts.is_undecided() && !self.texts.is_composing()
    }

    /// The secret is forgotten, e.g. once it was used.
    pub fn forget_secret(&mut self) {
        self.texts.edit(Field::Secret, String::new());
    }
}

/// How the user signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum With {
    /// E-mail and password.
    #[default]
    Password,
    /// A token.
    Token,
}

/// What would be sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Login {
    /// Address as typed.
    pub server: String,
    /// How.
    pub with: With,
    /// E-mail.
    pub email: String,
    /// Password or token.
    pub secret: String,
    /// Plain http although the server is not on this computer.
    pub allow_plain: bool,
}

impl Login {
    /// The address with a scheme: `https` unless the user typed one, `http` for this computer.
    pub fn address(&self) -> Option<String> {
        let typed = self.server.trim().trim_end_matches('/');
        if typed.is_empty() || typed.contains(char::is_whitespace) {
            return None;
        }
        if typed.starts_with("http://") || typed.starts_with("https://") {
            return Some(typed.to_owned());
        }
        if typed.contains("://") {
            return None;
        }
        Some(if is_loopback(typed) { format!("http://{typed}") } else { format!("https://{typed}") })
    }

    /// Whether the address is plain http to another computer, which the user must allow.
    pub fn needs_plain(&self) -> bool {
        self.address()
            .is_some_and(|address| address.strip_prefix("http://").is_some_and(|rest| !is_loopback(rest)))
    }

    /// Whether everything that is needed has been typed.
    pub fn is_complete(&self) -> bool {
        self.address().is_some()
            && !self.secret.trim().is_empty()
            && (self.with == With::Token || self.email.contains('@'))
            && (!self.needs_plain() || self.allow_plain)
    }
}

fn is_loopback(rest: &str) -> bool {
    let host = rest.split('/').next().unwrap_or(rest);
    let host = if host.starts_with('[') {
        host.split(']').next().unwrap_or(host).trim_start_matches('[')
    } else {
        host.split(':').next().unwrap_or(host)
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(server: &str) -> Login {
        Login { server: server.into(), email: "a@b.c".into(), secret: "x".into(), ..Login::default() }
    }

    #[test]
    fn an_address_gets_the_safe_scheme_unless_it_is_this_computer() {
        assert_eq!(login("courses.example/ ").address().as_deref(), Some("https://courses.example"));
        assert_eq!(login("localhost:8080").address().as_deref(), Some("http://localhost:8080"));
        assert_eq!(login("127.0.0.1:1").address().as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(login("[::1]:1").address().as_deref(), Some("http://[::1]:1"));
        assert_eq!(login("ftp://x").address(), None);
        assert_eq!(login("two words").address(), None);
    }

    #[test]
    fn an_account_that_arrives_while_the_user_types_another_address_is_a_choice() {
        let mut form = SignIn::new("", "");
        form.texts.edit(Field::Server, "localhost:1".into());
        form.texts.edit(Field::Secret, "x".into());
        form.refresh("https://courses.example", "maria@example.org");
        assert_eq!(form.text(Field::Server), "localhost:1");
        assert_eq!(form.text(Field::Email), "maria@example.org", "a clean field follows");
        assert!(!form.is_ready(), "the choice comes first");
        form.texts.keep_mine(&Field::Server);
        assert!(form.is_ready());
        form.forget_secret();
        assert!(!form.is_ready());
    }

    #[test]
    fn plain_http_to_another_computer_must_be_allowed() {
        let mut form = login("http://courses.example");
        assert!(form.needs_plain() && !form.is_complete());
        form.allow_plain = true;
        assert!(form.is_complete());
        assert!(!login("http://localhost.evil.example").is_complete());
        assert!(login("http://127.0.0.1:9").is_complete());
    }
}
