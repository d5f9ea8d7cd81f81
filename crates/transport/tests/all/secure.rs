//! TLS with an added certificate authority, and proxies, for each carrier: real servers on loopback.

use crate::carriers::{ALL, World, transport, within};
use futures_util::{SinkExt, StreamExt};
use inkhorn_protocol::carrier::Carrier;
use inkhorn_protocol::frame::Frame;
use inkhorn_transport::{ConnectError, Destination, Endpoint, Link, Network, Proxies};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A name that no resolver knows: only a proxy gets there.
const NAME: &str = "ink.invalid";

/// TLS before a server, by a certificate of an authority of its own.
struct Secure {
    address: SocketAddr,
}

impl Secure {
    async fn before(server: SocketAddr) -> Self {
        let leaf = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key.pem")).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![leaf], key)
            .expect("a configuration");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut near) = acceptor.accept(near).await else { return };
                    let Ok(mut far) = TcpStream::connect(server).await else { return };
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { address }
    }

    /// The authority's certificate. (Made for a hundred years with openssl; the key of the authority was thrown away.)
    fn ca(&self) -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/tls/authority.pem"))
    }
}

/// A proxy that takes every name to one server, for those who know the password.
struct Proxy {
    address: SocketAddr,
    tunnels: Arc<AtomicUsize>,
    forwarded: Arc<AtomicUsize>,
}

impl Proxy {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("an address");
        let (tunnels, forwarded) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = (Arc::clone(&tunnels), Arc::clone(&forwarded));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (tunnels, forwarded) = (Arc::clone(&counts.0), Arc::clone(&counts.1));
                tokio::spawn(async move {
                    let _ = serve(near, server, &tunnels, &forwarded).await;
                });
            }
        });
        Self { address, tunnels, forwarded }
    }

    fn proxies(&self, credentials: &str) -> Proxies {
        Proxies { all: format!("http://{credentials}{}", self.address), ..Proxies::default() }
    }
}

async fn serve(
    mut near: TcpStream,
    server: SocketAddr,
    tunnels: &AtomicUsize,
    forwarded: &AtomicUsize,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
        let read = near.read_buf(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // ada:pass word
    if !text.to_lowercase().contains("proxy-authorization: basic ywrhonbhc3mgd29yza==") {
        let refusal =
            b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"school\"\r\n\
                        content-length: 0\r\nconnection: close\r\n\r\n";
        near.write_all(refusal).await?;
        return near.shutdown().await;
    }
    let mut far = TcpStream::connect(server).await?;
    if text.starts_with("CONNECT ") {
        assert!(text.starts_with(&format!("CONNECT {NAME}:")), "{text}");
        tunnels.fetch_add(1, Ordering::SeqCst);
        near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    } else {
        // A request with a whole address is given on with its path.
        forwarded.fetch_add(1, Ordering::SeqCst);
        let rest = text.split_once(&format!("http://{NAME}")).map(|(method, rest)| (method.to_owned(), rest));
        let (method, rest) = rest.expect("a whole address");
        let path = rest.find('/').expect("a path");
        let head = format!("{method}{}", &rest[path..]);
        let (first, others) = head.split_once("\r\n").expect("a request line");
        far.write_all(format!("{first}\r\nconnection: close\r\n{others}").as_bytes()).await?;
    }
    copy_bidirectional(&mut near, &mut far).await.map(drop)
}

fn destination(world: &World, url: &str) -> Destination {
    Destination { endpoint: Endpoint::parse(url, true).expect("parses"), ..world.to() }
}

async fn open(network: &Network, carrier: Carrier, to: &Destination) -> Result<Link, ConnectError> {
    within(transport(network, carrier).connect(to)).await
}

async fn works(mut link: Link) {
    within(link.outgoing.send(Frame::Ping.encode())).await.expect("sends");
    let answer = within(link.incoming.next()).await.expect("answers").expect("answers");
    assert_eq!(answer, Frame::Pong.encode());
}

#[tokio::test]
async fn a_server_of_an_added_authority_is_trusted_and_of_an_unknown_one_is_not() {
    let world = World::start().await;
    let secure = Secure::before(world.address()).await;
    let to = destination(&world, &format!("https://{}", secure.address));
    let trusting = Network { ca_file: Some(secure.ca()), ..Network::default() };
    for carrier in ALL {
        works(open(&trusting, carrier, &to).await.expect("connects")).await;
        let Err(refused) = open(&Network::default(), carrier, &to).await else {
            panic!("{carrier:?} trusts anybody")
        };
        assert!(matches!(refused, ConnectError::Failed(_)), "{refused:?}");
        assert!(refused.to_string().contains("certificate"), "{refused}");
    }
    // Another name than the certificate is for.
    let other = destination(&world, &format!("https://localhost:{}", secure.address.port()));
    for carrier in ALL {
        assert!(open(&trusting, carrier, &other).await.is_err(), "{carrier:?}");
    }
    let client = trusting.client().expect("a client").build().expect("a client");
    let me = client.get(to.endpoint.api("me")).bearer_auth(&to.token);
    assert!(within(me.send()).await.expect("answers").status().is_success());
}

#[tokio::test]
async fn a_file_of_certificates_that_cannot_be_used_is_told_in_words() {
    let world = World::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let to = destination(&world, &format!("https://{}", world.address()));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cases = [
        ("missing", None),
        ("empty", Some("")),
        ("text", Some("not a certificate")),
        ("broken", Some(broken)),
    ];
    for (name, content) in cases {
        let file = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&file, content).expect("writes");
        }
        let network = Network { ca_file: Some(file.clone()), ..Network::default() };
        for carrier in ALL {
            let Err(refused) = open(&network, carrier, &to).await else { panic!("{name}") };
            let words = refused.to_string();
            assert!(words.contains(&*file.to_string_lossy()) && words.contains("safe"), "{name}: {words}");
        }
    }
}

#[tokio::test]
async fn a_proxy_with_a_password_is_passed_with_tls_and_without() {
    let world = World::start().await;
    let secure = Secure::before(world.address()).await;
    for (scheme, behind) in [("https", secure.address), ("http", world.address())] {
        let proxy = Proxy::to(behind).await;
        let to = destination(&world, &format!("{scheme}://{NAME}"));
        let network = Network {
            ca_file: Some(secure.ca()),
            proxies: proxy.proxies("ada:pass%20word@"),
            ..Network::default()
        };
        for carrier in ALL {
            works(open(&network, carrier, &to).await.expect("connects")).await;
        }
        let (tunnels, forwarded) =
            (proxy.tunnels.load(Ordering::SeqCst), proxy.forwarded.load(Ordering::SeqCst));
        assert!(tunnels > 0 && (forwarded > 0) == (scheme == "http"), "{scheme}: {tunnels}, {forwarded}");
    }
}

#[tokio::test]
async fn a_proxy_that_asks_who_is_there_is_told_of_in_words_for_each_carrier() {
    let world = World::start().await;
    let secure = Secure::before(world.address()).await;
    for (scheme, behind) in [("https", secure.address), ("http", world.address())] {
        let proxy = Proxy::to(behind).await;
        let to = destination(&world, &format!("{scheme}://{NAME}"));
        for credentials in ["", "ada:wrong@"] {
            let network = Network { proxies: proxy.proxies(credentials), ..Network::default() };
            for carrier in ALL {
                let Err(refused) = open(&network, carrier, &to).await else { panic!("let through") };
                let words = refused.to_string();
                assert!(words.contains("name:password@proxy"), "{scheme} {carrier:?}: {words}");
                assert!(!words.contains("wrong"), "a password in words");
            }
        }
    }
}

#[tokio::test]
async fn what_is_on_this_computer_or_needs_no_proxy_does_not_go_through_one() {
    let world = World::start().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("binds").local_addr().expect("an address");
    let proxies = Proxies { all: format!("http://{nobody}"), no: NAME.to_owned(), ..Proxies::default() };
    let network = Network { proxies, ..Network::default() };
    for carrier in ALL {
        works(open(&network, carrier, &world.to()).await.expect("connects")).await;
        // The proxy is down, and was not asked: the name is unknown.
        let Err(refused) = open(&network, carrier, &destination(&world, &format!("https://{NAME}"))).await
        else {
            panic!("nobody has this name")
        };
        assert!(!refused.to_string().contains("proxy"), "{refused}");
        let beyond = destination(&world, "https://other.invalid");
        assert!(open(&network, carrier, &beyond).await.is_err());
    }
}
