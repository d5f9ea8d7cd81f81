//! The network as its administrator and its user set it up: an added certificate authority, proxies, and, for
//! finding faults, which carriers are tried.

use crate::link::Transport;
use crate::proxy::{Proxies, Rules};
use crate::{Poll, Sse, WebSocket};
use inkhorn_protocol::carrier::Carrier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// How this computer reaches servers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// File in PEM form with certificates that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Proxies.
    pub proxies: Proxies,
    /// The only carrier that is used; none for all, best first.
    pub only: Option<Carrier>,
}

impl Network {
    /// As the environment says: `INKHORN_CA_FILE`, the variables of [`Proxies::from_env`], and
    /// `INKHORN_CARRIER` (`websocket`, `sse` or `poll`).
    pub fn from_env() -> Self {
        let ca_file = std::env::var_os("INKHORN_CA_FILE").filter(|file| !file.is_empty());
        let only = std::env::var("INKHORN_CARRIER").ok().and_then(|name| match name.as_str() {
            "websocket" => Some(Carrier::WebSocket),
            "sse" => Some(Carrier::Sse),
            "poll" => Some(Carrier::Poll),
            "" => None,
            other => {
                tracing::warn!(other, "INKHORN_CARRIER is websocket, sse or poll; all are used");
                None
            }
        });
        Self { ca_file: ca_file.map(PathBuf::from), proxies: Proxies::from_env(), only }
    }

    /// The ways to a server, best first.
    pub fn transports(&self) -> Vec<Arc<dyn Transport>> {
        let dialer = Dialer::new(self);
        let all: [Arc<dyn Transport>; 3] = [
            Arc::new(WebSocket::new(dialer.clone())),
            Arc::new(Sse::new(dialer.clone())),
            Arc::new(Poll::new(dialer)),
        ];
        all.into_iter().filter(|way| self.only.is_none_or(|only| way.carrier() == only)).collect()
    }

    /// A client for calls that takes the same ways and trusts the same certificates. No redirects: they would take
    /// the token along to wherever they point.
    ///
    /// # Errors
    /// What is wrong with the setting, in words for the user.
    pub fn client(&self) -> Result<reqwest::ClientBuilder, String> {
        client(self.ca_file.as_deref(), &self.proxies.rules())
    }
}

fn client(ca_file: Option<&Path>, rules: &Rules) -> Result<reqwest::ClientBuilder, String> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .proxy(rules.for_calls())
        .user_agent(concat!("inkhorn/", env!("CARGO_PKG_VERSION")));
    if let Some(file) = ca_file {
        let added: Result<Vec<_>, _> =
            added(file)?.0.iter().map(|der| reqwest::Certificate::from_der(der)).collect();
        builder = builder.tls_certs_merge(added.map_err(|error| unusable(file, &error))?);
    }
    Ok(builder)
}

/// What transports share: rules, trust and one client, made when first used.
#[derive(Debug, Clone)]
pub(crate) struct Dialer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ca_file: Option<PathBuf>,
    rules: Rules,
    // Reading the system's certificates takes some 20 ms: once, and only when TLS is wanted.
    tls: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl Dialer {
    pub(crate) fn new(network: &Network) -> Self {
        Self(Arc::new(Inner {
            ca_file: network.ca_file.clone(),
            rules: network.proxies.rules(),
            tls: OnceLock::new(),
            client: OnceLock::new(),
        }))
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.0.rules
    }

    pub(crate) fn tls(&self) -> Result<Arc<rustls::ClientConfig>, String> {
        self.0.tls.get_or_init(|| tls(self.0.ca_file.as_deref())).clone()
    }

    pub(crate) fn client(&self) -> Result<reqwest::Client, String> {
        let make = || {
            let built = client(self.0.ca_file.as_deref(), &self.0.rules)?.build();
            built.map_err(|error| format!("Network calls cannot be set up: {error}."))
        };
        self.0.client.get_or_init(make).clone()
    }
}

/// TLS with the system's roots and the added ones. The crypto provider is named: with two of them in one build
/// rustls would panic rather than choose.
fn tls(ca_file: Option<&Path>) -> Result<Arc<rustls::ClientConfig>, String> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if let Some(file) = ca_file {
        roots.roots.extend(added(file)?.1.roots);
    }
    if roots.is_empty() {
        return Err(
            "This computer has no list of trusted certificates: install the package ca-certificates."
                .to_owned(),
        );
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}."))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The certificates of a file that the user added, as they are and as roots to trust.
fn added(file: &Path) -> Result<(Vec<CertificateDer<'static>>, rustls::RootCertStore), String> {
    let bytes = std::fs::read(file).map_err(|error| unusable(file, &error))?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let certificates = read.map_err(|error| unusable(file, &error))?;
    if certificates.is_empty() {
        return Err(unusable(file, &"it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"));
    }
    let mut roots = rustls::RootCertStore::empty();
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| unusable(file, &error))?;
    }
    Ok((certificates, roots))
}

fn unusable(file: &Path, why: &dyn std::fmt::Display) -> String {
    format!(
        "The file of added certificates {} cannot be used: {why}. Correct INKHORN_CA_FILE or take it away; \
         everything you wrote is safe on this computer.",
        file.display()
    )
}
