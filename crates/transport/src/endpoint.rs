//! Where a server is. One address serves REST, WebSocket and what comes later; a path before `/api` or
//! `/collab` is kept, so that a server may live under a prefix of a proxy.

use reqwest::Url;
use std::net::IpAddr;

/// Address of a server, checked: https, or http where that is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    base: Url,
}

/// Why an address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No address of a server.
    #[error("'{0}' is not the address of a server: write it like https://inkhorn.example.org")]
    Malformed(String),
    /// Plain http to somewhere else than this computer.
    #[error(
        "{0} would be reached without encryption, so your token and your text could be read on the way: \
         use https, or insist on plain http for this server"
    )]
    Plain(String),
}

impl Endpoint {
    /// Reads `https://…` or `http://…`; without a scheme https is meant. Plain http is accepted to this
    /// computer only, unless `allow_plain_http`.
    ///
    /// # Errors
    /// [`EndpointError`], in words for the user.
    pub fn parse(text: &str, allow_plain_http: bool) -> Result<Self, EndpointError> {
        let malformed = || EndpointError::Malformed(text.chars().take(200).collect());
        let text = text.trim();
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let mut base = Url::parse(&whole).map_err(|_| malformed())?;
        let host = base.host_str().filter(|host| !host.is_empty()).ok_or_else(malformed)?.to_owned();
        // Credentials in an address end up in logs and titles.
        if !base.username().is_empty() || base.password().is_some() {
            return Err(malformed());
        }
        match base.scheme() {
            "https" => {}
            "http" if allow_plain_http || is_loopback(&host) => {}
            "http" => return Err(EndpointError::Plain(host)),
            _ => return Err(malformed()),
        }
        base.set_query(None);
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/').to_owned();
        base.set_path(&path);
        Ok(Self { base })
    }

    /// Address of a REST call: `path` is `"me"`, `"courses/…"`, without a slash in front.
    pub fn api(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.text())
    }

    /// Address of the socket that carries documents.
    pub fn collab(&self) -> String {
        // `http` → `ws`, `https` → `wss`.
        format!("ws{}/collab", &self.text()[4..])
    }

    /// Host and port as people write them.
    pub fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        match self.base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Host without brackets, and port, as a socket wants them.
    pub(crate) fn socket(&self) -> (&str, u16) {
        let host = self.base.host_str().unwrap_or_default();
        let port = self.base.port_or_known_default().unwrap_or(443);
        (host.trim_start_matches('[').trim_end_matches(']'), port)
    }

    /// The address as one to ask proxy rules about.
    pub(crate) fn url(&self) -> &Url {
        &self.base
    }

    fn text(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_computer_unless_the_user_insists() {
        for here in ["http://localhost:9000", "http://127.0.0.1", "http://127.8.9.1:1", "http://[::1]:80"] {
            assert!(Endpoint::parse(here, false).is_ok(), "{here}");
        }
        for away in ["http://example.org", "http://10.0.0.1", "http://localhost.example.org", "http://[::2]"]
        {
            assert!(matches!(Endpoint::parse(away, false), Err(EndpointError::Plain(_))), "{away}");
            assert!(Endpoint::parse(away, true).is_ok(), "{away}");
        }
    }

    #[test]
    fn addresses_are_built_from_the_base_and_keep_its_prefix() {
        let one = Endpoint::parse(" https://School.example/inkhorn/?x=1#y ", false).expect("parses");
        assert_eq!(one.to_string(), "https://school.example/inkhorn");
        assert_eq!(one.api("me"), "https://school.example/inkhorn/api/v1/me");
        assert_eq!(one.collab(), "wss://school.example/inkhorn/collab");
        let two = Endpoint::parse("http://127.0.0.1:9000/", false).expect("parses");
        assert_eq!(two.api("me"), "http://127.0.0.1:9000/api/v1/me");
        assert_eq!(two.collab(), "ws://127.0.0.1:9000/collab");
        assert_eq!(two.host(), "127.0.0.1:9000");
        assert_eq!(
            Endpoint::parse("school.example", false).expect("parses").to_string(),
            "https://school.example"
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "https://",
            "ftp://example.org",
            "file:///etc/passwd",
            "https://me:secret@example.org",
            "a b",
        ] {
            assert!(matches!(Endpoint::parse(bad, true), Err(EndpointError::Malformed(_))), "{bad}");
        }
    }
}
