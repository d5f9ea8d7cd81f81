//! Signing in to a server.

/// How the user signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum With {
    /// E-mail and password.
    #[default]
    Password,
    /// A token.
    Token,
}

/// What has been typed.
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
    fn plain_http_to_another_computer_must_be_allowed() {
        let mut form = login("http://courses.example");
        assert!(form.needs_plain() && !form.is_complete());
        form.allow_plain = true;
        assert!(form.is_complete());
        assert!(!login("http://localhost.evil.example").is_complete());
        assert!(login("http://127.0.0.1:9").is_complete());
    }
}
