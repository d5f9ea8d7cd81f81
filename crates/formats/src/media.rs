//! Pictures with captions, video, audio, files and embedded pages: as HTML that every renderer of Markdown shows, since
//! Markdown has no words for them.
//!
//! ```html
//! <figure>
//! <video controls src="assets/tide.mp4" title="tide.mp4"></video>
//! <figcaption>The tide comes in</figcaption>
//! </figure>
//! ```

use crate::{
    blocks::Build,
    html::{self, Piece},
    inlines::texts,
};
use comrak::nodes::{AstNode, NodeValue};
use inkhorn_protocol::{body::Node, fidelity::Outcome, media};
use serde_json::Value;

/// A block as HTML; `None` if there is no such form for it.
pub(crate) fn write(node: &Node) -> Option<String> {
    let text = |name: &str| node.attr(name).map(html::encode);
    let attribute = |name: &str, attr: &str| text(attr).map_or(String::new(), |v| format!(" {name}=\"{v}\""));
    let src = text("src")?;
    let shown = match node.kind.as_str() {
        "image" => format!("<img src=\"{src}\"{}{}>", attribute("alt", "alt"), attribute("title", "title")),
        kind @ ("video" | "audio") => {
            format!("<{kind} controls src=\"{src}\"{}></{kind}>", attribute("title", "name"))
        }
        "file" => {
            let size = node.attrs.get("size").and_then(Value::as_u64);
            let size = size.map_or(String::new(), |size| format!(" data-size=\"{size}\""));
            let name = text("name").unwrap_or_default();
            let kind = attribute("type", "mime");
            format!("<a download=\"{name}\" href=\"{src}\"{kind}{size}>{name}</a>")
        }
        // Any other would be run by whoever shows the file.
        "embed" if is_https(node.attr("src")?) => {
            format!("<iframe src=\"{src}\"{}></iframe>", attribute("title", "title"))
        }
        _ => return None,
    };
    let caption = text("caption").map_or(String::new(), |text| format!("\n<figcaption>{text}</figcaption>"));
    Some(format!("<figure>\n{shown}{caption}\n</figure>"))
}

fn is_https(src: &str) -> bool {
    src.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
}

/// What an HTML block shows, when that is one thing and perhaps a caption.
struct Figure<'a> {
    tag: &'a str,
    name: &'a str,
    src: String,
    caption: Option<String>,
    framed: bool,
    /// More than what [`write`] would write.
    more: bool,
}

fn figure<'a>(parts: &'a [Piece<'a>]) -> Option<Figure<'a>> {
    let mut found: Option<Figure<'a>> = None;
    let mut sources: Vec<String> = Vec::new();
    let (mut framed, mut caption, mut more) = (false, None, false);
    let mut inside = Vec::new();
    for part in parts {
        match part {
            Piece::Open(name, tag) => {
                match (name.as_str(), inside.last().copied()) {
                    ("figure", None) => framed = true,
                    ("div" | "p" | "center", None | Some("div" | "p" | "center")) => more = true,
                    ("figcaption", Some("figure")) if caption.is_none() => caption = Some(String::new()),
                    ("source", Some("video" | "audio")) => {
                        sources.extend(html::attribute(tag, "src"));
                        more = true;
                        continue;
                    }
                    ("track", Some("video" | "audio")) | ("br", _) => {
                        more = true;
                        continue;
                    }
                    ("img" | "video" | "audio" | "iframe" | "a", _) if found.is_none() => {
                        let src = html::attribute(tag, if name == "a" { "href" } else { "src" });
                        let src = src.unwrap_or_default();
                        found = Some(Figure { tag, name, src, caption: None, framed, more: false });
                        if name == "img" {
                            continue;
                        }
                    }
                    _ => return None,
                }
                inside.push(name.as_str());
            }
            Piece::Close(name, _) => {
                if inside.pop() != Some(name.as_str()) {
                    return None;
                }
            }
            Piece::Text(text) => match (inside.last().copied(), caption.as_mut()) {
                (Some("figcaption"), Some(caption)) => caption.push_str(&html::decode(text)),
                // What a browser that plays nothing would show.
                (Some("video" | "audio"), _) => more |= !text.trim().is_empty(),
                // A file's name, which its tag says too.
                (Some("a"), _) => {}
                _ if text.trim().is_empty() => {}
                _ => return None,
            },
            Piece::Comment(..) | Piece::Other(_) => return None,
        }
    }
    let mut found = found.filter(|_| inside.is_empty())?;
    if found.src.is_empty() {
        found.src = sources.into_iter().next()?;
    }
    found.caption = caption.filter(|text| !text.is_empty());
    found.more = more;
    Some(found)
}

impl Build<'_> {
    /// The block that an HTML block shows; `None` if it is anything more than one.
    pub(crate) fn figure(&mut self, parts: &[Piece<'_>], line: u32) -> Option<Node> {
        let Figure { tag, name, src, caption, framed, more } = figure(parts)?;
        let attribute = |name: &str| html::attribute(tag, name).filter(|value| !value.is_empty());
        let others = |known: &[&str]| {
            more || html::attributes(tag).iter().any(|(name, ..)| !known.contains(&name.as_str()))
        };
        let (mut node, what, lost) = match name {
            // Without a caption Markdown's own form is the one, and what stands around is told as ever.
            "img" if caption.is_some() => {
                let alt = attribute("alt").unwrap_or_default();
                let title = attribute("title").unwrap_or_default();
                (self.image(&src, &alt, &title, line), "image", others(&["src", "alt", "title"]))
            }
            "video" | "audio" => {
                let kind = if name == "video" { media::Kind::Video } else { media::Kind::Audio };
                let node = Node::new(name, vec![]).with("src", self.env.media(&src, kind, line));
                let lost = !framed || others(&["src", "title", "controls"]);
                (named(node, attribute("title")), if name == "video" { "video" } else { "audio" }, lost)
            }
            "a" if framed && html::attribute(tag, "download").is_some() => {
                let src = self.env.media(&src, media::Kind::File, line);
                let mut node = named(Node::new("file", vec![]).with("src", src), attribute("download"));
                if let Some(size) = attribute("data-size").and_then(|size| size.parse::<u64>().ok()) {
                    node = node.with("size", size);
                }
                if let Some(mime) = attribute("type") {
                    node = node.with("mime", mime);
                }
                (node, "file", others(&["href", "download", "type", "data-size"]))
            }
            "iframe" => {
                let src = if src.starts_with("//") { format!("https:{src}") } else { src };
                let lost = others(&["src", "title"]);
                // A page in a frame of another kind may be anything: it is kept as it is, and not shown.
                if !is_https(&src) || (!is_film(&src) && (lost || !framed)) {
                    return None;
                }
                let node = Node::new("embed", vec![]).with("src", src);
                let node = attribute("title").into_iter().fold(node, |node, title| node.with("title", title));
                (node, "embedded page", lost)
            }
            _ => return None,
        };
        if let Some(caption) = caption {
            node = node.with("caption", caption);
        }
        if lost {
            let detail = "The HTML around it and how large it was were left out; it is shown.";
            self.env.note(line, what, Outcome::Converted, detail.to_owned());
        } else if what == "embedded page" {
            self.env.count(what, Outcome::Kept);
        }
        Some(node)
    }
}

impl Build<'_> {
    /// A video, a sound or a page that stands in a line of text, of which it becomes a block of its own.
    pub(crate) fn inline_media<'n>(
        &mut self,
        name: &str,
        tag: &str,
        nodes: &[&'n AstNode<'n>],
        line: u32,
    ) -> Option<Node> {
        if !matches!(name, "video" | "audio" | "iframe") {
            return None;
        }
        let mut html = tag.to_owned();
        for node in nodes {
            match &node.data().value {
                NodeValue::HtmlInline(tag) => html.push_str(tag),
                NodeValue::SoftBreak => html.push('\n'),
                _ => html.push_str(&html::encode(&texts(node))),
            }
        }
        html.push_str(&format!("</{name}>"));
        self.figure(&html::pieces(&html), line)
    }
}

fn named(node: Node, name: Option<String>) -> Node {
    match name {
        Some(name) => node.with("name", name),
        None => node,
    }
}

/// Whether a page is a film of one of the two sites that are embedded everywhere.
fn is_film(src: &str) -> bool {
    let rest = src.get(8..).unwrap_or("");
    let host = rest.split(['/', '?', '#']).next().unwrap_or("").to_ascii_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    matches!(host, "youtube.com" | "youtube-nocookie.com" | "youtu.be" | "vimeo.com" | "player.vimeo.com")
}
