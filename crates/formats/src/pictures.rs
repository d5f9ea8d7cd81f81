//! HTML blocks and images: what can be shown becomes an image, the rest is kept word for word.

use crate::{
    blocks::Build,
    html::{self, Piece},
};
use inkhorn_protocol::{
    body::{Mark, Node},
    fidelity::Outcome,
    media,
};

impl Build<'_> {
    pub(crate) fn html_block(&mut self, literal: &str, line: u32, out: &mut Vec<Node>) {
        let html = literal.trim_end_matches(['\n', '\r']);
        let list = html.trim().strip_prefix("<!--ial").and_then(|r| r.strip_suffix("-->"));
        let number = list.and_then(|n| n.parse::<usize>().ok());
        if let Some(number) = number.filter(|n| *n < self.source.lists.len()) {
            if self.source.lists[number].next {
                self.next = Some(number);
            } else {
                let last = out.len().saturating_sub(1);
                self.apply(number, line, out, last);
            }
            return;
        }
        if html.trim() == "<p></p>" {
            out.push(Node::new("paragraph", vec![]));
            return;
        }
        let parts = html::pieces(html);
        if let Some(node) = self.figure(&parts, line) {
            out.push(node);
            return;
        }
        let mut images = Vec::new();
        let mut plain = true;
        let mut comments = Vec::new();
        let mut link: Option<String> = None;
        for part in &parts {
            match part {
                Piece::Text(text) => plain &= text.trim().is_empty(),
                Piece::Comment(text, _) => comments.push(text.trim()),
                Piece::Open(name, tag) => match name.as_str() {
                    "img" => images.extend(self.html_image(tag, line, link.as_deref())),
                    "a" => link = html::attribute(tag, "href"),
                    "p" | "div" | "center" | "br" | "picture" | "figure" | "span" => {}
                    _ => plain = false,
                },
                Piece::Close(name, _) => {
                    if name == "a" {
                        link = None;
                    }
                }
                Piece::Other(_) => plain = false,
            }
        }
        let only_comments = parts
            .iter()
            .all(|p| matches!(p, Piece::Comment(..)) || matches!(p, Piece::Text(t) if t.trim().is_empty()));
        if only_comments {
            for text in comments.iter().filter(|text| !text.is_empty()) {
                self.comment(text, line);
            }
        } else if plain && !images.is_empty() && comments.is_empty() {
            self.env.note(
                line,
                "HTML",
                Outcome::Converted,
                "The HTML around an image was left out; the image is shown.".into(),
            );
            out.extend(images);
        } else {
            self.env.note(
                line,
                "HTML",
                Outcome::Kept,
                "It is kept word for word, and shown as HTML source.".into(),
            );
            let mut changed = Vec::new();
            let html = html::rewrite(html, |name, value| {
                let new =
                    if name == "src" { self.env.image(value, line) } else { self.env.link(value, line) };
                changed.push(new.clone());
                (new != value).then_some(new)
            });
            out.push(Node::new("htmlBlock", vec![]).with("html", html));
        }
    }

    /// Reports a comment that is left out, with its text.
    pub(crate) fn comment(&mut self, text: &str, line: u32) {
        let shown: String = text.chars().take(200).collect();
        self.env.note(line, "comment", Outcome::Dropped, format!("Readers never saw it: {shown}"));
    }

    /// An `<img>` as blocks: the image, and where it was a link, the link as text behind it.
    pub(crate) fn html_image(&mut self, tag: &str, line: u32, link: Option<&str>) -> Vec<Node> {
        let Some(src) = html::attribute(tag, "src") else { return vec![] };
        let alt = html::attribute(tag, "alt").unwrap_or_default();
        let title = html::attribute(tag, "title").unwrap_or_default();
        let mut out = vec![self.image(&src, &alt, &title, line)];
        if let Some(href) = link {
            out.push(Node::new("paragraph", vec![self.image_link(href, "", &alt, line)]));
        }
        out
    }

    /// An image node; a video or a sound, where Markdown's form for images names one.
    pub(crate) fn image(&mut self, src: &str, alt: &str, title: &str, line: u32) -> Node {
        let path = src.split(['?', '#']).next().unwrap_or(src);
        let kind = media::by_name(path).map(media::kind);
        if let Some(kind @ (media::Kind::Video | media::Kind::Audio)) = kind {
            let name = if kind == media::Kind::Video { "video" } else { "audio" };
            let node = Node::new(name, vec![]).with("src", self.env.media(src, kind, line));
            let caption = if title.is_empty() { alt } else { title };
            let file = crate::layout::name_of(path);
            let node =
                if file.is_empty() { node } else { node.with("name", crate::resolve::percent_decode(file)) };
            return if caption.is_empty() { node } else { node.with("caption", caption) };
        }
        let mut image = Node::new("image", vec![]).with("src", self.env.image(src, line));
        for (name, value) in [("alt", alt), ("title", title)] {
            if !value.is_empty() {
                image = image.with(name, value);
            }
        }
        image
    }

    /// The text that carries the link of an image.
    pub(crate) fn image_link(&mut self, href: &str, title: &str, alt: &str, line: u32) -> Node {
        self.env.note(
            line,
            "image",
            Outcome::Converted,
            "The image was a link; its link now follows it as text.".into(),
        );
        let href = self.env.link(href, line);
        let text = if alt.trim().is_empty() { href.clone() } else { alt.to_owned() };
        let mut mark = Mark::new("link").with("href", href);
        if !title.is_empty() {
            mark = mark.with("title", title);
        }
        Node::text(text).marked(mark)
    }
}
