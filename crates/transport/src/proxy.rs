//! Proxies of the network: which one an address goes through, and the tunnel that a WebSocket needs through it.
//! The rules are those of reqwest (hyper-util), so that calls and sockets take the same way.

use crate::endpoint::is_loopback;
use crate::link::ConnectError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Url;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest answer of a proxy to the request for a tunnel, in bytes: a status, some headers.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

/// Proxies by kind of address, as `http://proxy:3128` or `http://name:password@proxy:3128`; empty for none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For https.
    pub https: String,
    /// For plain http.
    pub http: String,
    /// For what the others do not name.
    pub all: String,
    /// Hosts and networks that need none, with commas between.
    pub no: String,
}

impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // They may hold a password.
        let set = [!self.https.is_empty(), !self.http.is_empty(), !self.all.is_empty()];
        f.debug_struct("Proxies").field("set", &set).field("no", &self.no).finish()
    }
}

impl Proxies {
    /// As the environment says: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, also in lower case.
    pub fn from_env() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// As [`Proxies::from_env`], from any source of variables.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| {
            let found = lookup(name).or_else(|| lookup(&name.to_lowercase()));
            found.map(|value| value.trim().to_owned()).unwrap_or_default()
        };
        Self {
            https: either("HTTPS_PROXY"),
            http: either("HTTP_PROXY"),
            all: either("ALL_PROXY"),
            no: either("NO_PROXY"),
        }
    }

    pub(crate) fn rules(&self) -> Rules {
        let mut builder = Matcher::builder();
        if !self.all.is_empty() {
            builder = builder.all(self.all.as_str());
        }
        if !self.http.is_empty() {
            builder = builder.http(self.http.as_str());
        }
        if !self.https.is_empty() {
            builder = builder.https(self.https.as_str());
        }
        Rules(Arc::new(builder.no(self.no.as_str()).build()))
    }
}

/// Answers which proxy an address goes through.
#[derive(Debug, Clone)]
pub(crate) struct Rules(Arc<Matcher>);

impl Rules {
    /// None for this computer itself, which no proxy could reach.
    fn intercept(&self, url: &Url) -> Option<Intercept> {
        if url.host_str().is_none_or(is_loopback) {
            return None;
        }
        self.0.intercept(&url.as_str().parse().ok()?)
    }

    /// The same rules for calls.
    pub(crate) fn for_calls(&self) -> reqwest::Proxy {
        let rules = self.clone();
        reqwest::Proxy::custom(move |url| rules.intercept(url).and_then(|proxy| as_url(&proxy)))
    }

    /// The proxy of an address, if it goes through one.
    pub(crate) fn of(&self, url: &Url) -> Option<Proxy> {
        let proxy = self.intercept(url)?;
        let uri = proxy.uri();
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        Some(Proxy {
            scheme: uri.scheme_str().unwrap_or_default().to_owned(),
            host: uri.host().unwrap_or_default().to_owned(),
            port: uri.port_u16().unwrap_or(default),
            authorization: proxy.basic_auth().and_then(|value| value.to_str().ok()).map(str::to_owned),
        })
    }
}

/// The proxy with its credentials, as reqwest takes it.
fn as_url(proxy: &Intercept) -> Option<Url> {
    let mut url = Url::parse(&proxy.uri().to_string()).ok()?;
    if let Some((name, password)) = credentials(proxy) {
        url.set_username(&name).ok()?;
        url.set_password(Some(&password)).ok()?;
    }
    Some(url)
}

fn credentials(proxy: &Intercept) -> Option<(String, String)> {
    if let Some((name, password)) = proxy.raw_auth() {
        return Some((name.to_owned(), password.to_owned()));
    }
    let coded = proxy.basic_auth()?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(coded).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// One proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    scheme: String,
    host: String,
    port: u16,
    authorization: Option<String>,
}

/// What a proxy says that wants to know who asks.
pub(crate) const WANTS_SIGN_IN: &str = "A proxy in this network asks for a sign-in of its own: put the name and the password into its address, \
     as in HTTPS_PROXY=http://name:password@proxy:3128.";

impl Proxy {
    /// A tunnel to `host:port` through the proxy.
    pub(crate) async fn tunnel(&self, (host, port): (&str, u16)) -> Result<TcpStream, ConnectError> {
        let name = format!("{}:{}", self.host, self.port);
        if self.scheme != "http" {
            return Err(ConnectError::Blocked(format!(
                "A WebSocket cannot go through a proxy of the kind {}:// ({name}).",
                self.scheme
            )));
        }
        let failed = |error: &std::io::Error| {
            ConnectError::Failed(format!(
                "The proxy {name}, which this computer is set to use, cannot be reached: {error}."
            ))
        };
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        let mut stream = TcpStream::connect((bare, self.port)).await.map_err(|error| failed(&error))?;
        let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(authorization) = &self.authorization {
            request += &format!("Proxy-Authorization: {authorization}\r\n");
        }
        request += "\r\n";
        stream.write_all(request.as_bytes()).await.map_err(|error| failed(&error))?;
        let status = answer(&mut stream).await.map_err(|error| failed(&error))?;
        match status {
            Some(200..=299) => Ok(stream),
            Some(407) => Err(ConnectError::Failed(WANTS_SIGN_IN.to_owned())),
            // What waits behind it does not answer, or not yet.
            Some(status @ 500..=599) => {
                Err(ConnectError::Failed(format!("The proxy {name} does not reach {host} ({status}).")))
            }
            Some(status) => Err(ConnectError::Blocked(format!(
                "The proxy {name} does not let us reach {host} ({status})."
            ))),
            None => Err(ConnectError::Failed(format!("What answers at {name} is not a proxy."))),
        }
    }
}

/// Status of the answer to a request for a tunnel. The other end says nothing before we do, so nothing behind the
/// answer is read.
async fn answer(stream: &mut TcpStream) -> std::io::Result<Option<u16>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await?;
        if read == 0 || bytes.len() > MAX_ANSWER_BYTES {
            break;
        }
        bytes.extend_from_slice(&buffer[..read]);
        // A refusal may have a body, which is of no interest.
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            bytes.truncate(end + 4);
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut words = text.split_whitespace();
    let http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    Ok(words.next().filter(|_| http).and_then(|status| status.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(pairs: &[(&str, &str)]) -> Rules {
        Proxies::from_lookup(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
        .rules()
    }

    fn way(rules: &Rules, url: &str) -> Option<String> {
        let url = Url::parse(url).expect("parses");
        let (socket, call) = (rules.of(&url), rules.intercept(&url).and_then(|proxy| as_url(&proxy)));
        assert_eq!(
            socket.as_ref().map(|p| p.host.clone()),
            call.as_ref().map(|u| u.host_str().unwrap().to_owned())
        );
        call.map(|url| url.to_string())
    }

    #[test]
    fn the_environment_says_which_address_goes_through_which_proxy() {
        let rules = proxies(&[
            ("https_proxy", "http://ada:s%40crt@secure:3128"),
            ("ALL_PROXY", "rest:8080"),
            ("NO_PROXY", "school.example,10.0.0.0/8"),
        ]);
        assert_eq!(way(&rules, "https://ink.example/").as_deref(), Some("http://ada:s%40crt@secure:3128/"));
        assert_eq!(way(&rules, "http://ink.example/").as_deref(), Some("http://rest:8080/"));
        for direct in [
            "https://school.example/",
            "https://sub.school.example/",
            "http://10.1.2.3/",
            "http://127.0.0.1:9/",
            "https://localhost/",
        ] {
            assert_eq!(way(&rules, direct), None, "{direct}");
        }
        assert_eq!(way(&proxies(&[]), "https://ink.example/"), None);
    }

    #[test]
    fn a_password_of_a_proxy_is_not_in_what_is_logged() {
        let proxies = Proxies { https: "http://ada:secret@proxy".into(), ..Proxies::default() };
        assert!(!format!("{proxies:?}").contains("secret"));
    }
}
