//! Input that is broken, hostile or unlucky: each gets clear words, and costs nothing but itself.

use crate::{exportable, folder, ids, import, lessons};
use inkhorn_formats::{
    ExportError, ImportError, ImportOptions, ImportedCourse, Limits, export_course, import_folder, plain_text,
};
use inkhorn_protocol::fidelity::Outcome;
use std::{fs, path::Path};

fn said(course: &ImportedCourse, outcome: Outcome, part: &str) -> bool {
    course.report.with(outcome).any(|item| item.detail.contains(part) || item.file.contains(part))
}

fn refused(path: &Path) -> ImportError {
    import_folder(path, &ImportOptions::default(), &mut ids()).unwrap_err()
}

#[test]
fn a_folder_without_markdown_is_no_course() {
    let dir = folder(&[("a.txt", "x"), (".git/README.md", "x")]);
    assert_eq!(
        refused(dir.path()).to_string(),
        "This folder is not a course: no Markdown files in it. Choose the folder that holds the lessons."
    );
    assert!(refused(&dir.path().join("a.txt")).to_string().starts_with("This file is not a course"));
    assert!(matches!(refused(&dir.path().join("none")), ImportError::Unreadable { .. }));
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder(&[("a.md", "# A"), ("b.md", "# B"), ("c/d.md", "# D")]);
    let closed =
        |name: &str| fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o000)).unwrap();
    closed("b.md");
    closed("c");
    if fs::read(dir.path().join("b.md")).is_ok() {
        println!("SKIPPED: this user may read everything.");
        return;
    }
    let course = import(dir.path());
    assert_eq!(lessons(&course.nodes).len(), 1);
    assert!(said(&course, Outcome::Missing, "b.md") && said(&course, Outcome::Missing, "c"));
    fs::set_permissions(dir.path().join("c"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_file_that_is_not_utf8_is_read_and_a_file_that_is_no_text_is_refused() {
    let dir = folder(&[("a.md", "# A")]);
    fs::write(dir.path().join("b.md"), b"# Caf\xe9\r\n\r\na \x96 b").unwrap();
    fs::write(dir.path().join("c.md"), b"\x00\x01\xff\xfe\x00binary").unwrap();
    let course = import(dir.path());
    let all = lessons(&course.nodes);
    assert_eq!(all.iter().map(|l| l.title.as_str()).collect::<Vec<_>>(), ["A", "Caf\u{e9}"]);
    assert_eq!(plain_text(&all[1].lesson.as_ref().unwrap().body), "a \u{2013} b");
    assert!(said(&course, Outcome::Converted, "Windows-1252") && said(&course, Outcome::Dropped, "c.md"));
    fs::remove_file(dir.path().join("a.md")).unwrap();
    fs::remove_file(dir.path().join("b.md")).unwrap();
    assert!(refused(dir.path()).to_string().contains("c.md"));
}

#[test]
fn a_file_of_50_mb_is_refused_and_the_rest_imported() {
    let dir =
        folder(&[("a.md", "# A\n\n![big](big.png) ![no](no.png) ![fake](fake.png)"), ("fake.png", "hello")]);
    for name in ["b.md", "big.png"] {
        fs::File::create(dir.path().join(name)).unwrap().set_len(50 << 20).unwrap();
    }
    let course = import(dir.path());
    assert_eq!(lessons(&course.nodes).len(), 1);
    assert!(said(&course, Outcome::Dropped, "It has 50 MB; a lesson may have up to 8 MB."));
    assert!(said(
        &course,
        Outcome::Dropped,
        "big.png has 50 MB; images and other files may have up to 25 MB."
    ));
    assert!(said(&course, Outcome::Missing, "no.png is not in the folder"));
    assert!(said(&course, Outcome::Dropped, "fake.png is no image"));
    let body = &lessons(&course.nodes)[0].lesson.as_ref().unwrap().body;
    assert_eq!(
        body.content.iter().filter_map(|n| n.attr("src")).collect::<Vec<_>>(),
        ["big.png", "no.png", "fake.png"]
    );
    assert!(course.assets.is_empty());
}

#[test]
fn an_image_of_a_type_that_no_server_takes_is_named_wherever_it_is_used() {
    let dir = folder(&[
        (
            "a.md",
            "# A\n\n![The icon](icon.png \"T\")\n\n![](scan.tiff)\n\n<img src=\"icon.png\" alt=\"again\">",
        ),
        ("b.md", "# B\n\n![Elsewhere](icon.png)\n\n![Large](large.png)"),
        ("c.md", "# C\n\n![Large](large.png)"),
    ]);
    fs::write(dir.path().join("icon.png"), b"\x00\x00\x01\x00\x01\x00\x10\x10").unwrap();
    fs::write(dir.path().join("scan.tiff"), b"II*\x00\x08\x00\x00\x00").unwrap();
    fs::File::create(dir.path().join("large.png")).unwrap().set_len((25 << 20) + 1).unwrap();
    let course = import(dir.path());
    let dropped: Vec<_> = course.report.with(Outcome::Dropped).collect();
    let at: Vec<_> = dropped.iter().map(|item| (item.file.as_str(), item.line.unwrap())).collect();
    assert_eq!(at, [("a.md", 3), ("a.md", 5), ("a.md", 7), ("b.md", 3), ("b.md", 5), ("c.md", 3)]);
    for (item, name) in dropped.iter().zip(["icon.png", "scan.tiff", "icon.png", "icon.png"]) {
        assert_eq!(item.what, "image");
        assert!(item.detail.starts_with(&format!("{name} is no image of a type that a course can hold")));
        assert!(item.detail.contains("PNG, JPEG, GIF, WebP, AVIF, BMP and SVG work"), "{}", item.detail);
    }
    for item in &dropped[4..] {
        assert!(
            item.detail.contains("large.png has 26 MB; images and other files may have up to 25 MB."),
            "{}",
            item.detail
        );
    }
    assert!(
        course.report.counts.iter().all(|count| count.what != "image" || count.outcome == Outcome::Dropped)
    );
    let images = |at: usize| {
        let mut found = Vec::new();
        lessons(&course.nodes)[at].lesson.as_ref().unwrap().body.walk(|node| {
            if node.kind == "image" {
                let text =
                    |name: &str| node.attrs.get(name).and_then(|v| v.as_str()).unwrap_or("").to_owned();
                found.push((text("src"), text("alt")));
            }
        });
        found
    };
    let image = |src: &str, alt: &str| (src.to_owned(), alt.to_owned());
    assert_eq!(
        images(0),
        [image("icon.png", "The icon"), image("scan.tiff", ""), image("icon.png", "again")]
    );
    assert_eq!(images(1), [image("icon.png", "Elsewhere"), image("large.png", "Large")]);
    assert!(course.assets.is_empty());
}

#[test]
fn front_matter_that_is_nested_beyond_reason_stands_in_the_lesson_as_code() {
    for depth in [60, 100, 1000, 20_000] {
        let value = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let dir = folder(&[("a.md", &format!("---\na: {value}\n---\n\ntext"))]);
        let course = import(dir.path());
        let lesson = lessons(&course.nodes)[0].lesson.as_ref().unwrap();
        let kept = lesson.front_matter.contains_key("a");
        assert_eq!(kept, depth < 64, "{depth}");
        assert_ne!(kept, lesson.body.content[0].kind == "codeBlock", "{depth}");
        assert_ne!(kept, said(&course, Outcome::Converted, "It cannot be read"), "{depth}");
    }
}

#[cfg(unix)]
#[test]
fn links_on_disk_neither_loop_nor_lead_outside() {
    use std::os::unix::fs::symlink;
    let outside = folder(&[("secret.md", "# Secret"), ("secret.png", "x")]);
    let dir = folder(&[("a/b.md", "# B\n\n![x](../../secret.png) [y](../../../etc/passwd) ![z](out.png)")]);
    symlink(dir.path(), dir.path().join("a/loop")).unwrap();
    symlink(dir.path().join("a"), dir.path().join("again")).unwrap();
    symlink(outside.path(), dir.path().join("out")).unwrap();
    symlink(outside.path().join("secret.png"), dir.path().join("a/out.png")).unwrap();
    symlink("nowhere", dir.path().join("a/dead.md")).unwrap();
    symlink("self.md", dir.path().join("a/self.md")).unwrap();
    let course = import(dir.path());
    assert_eq!(lessons(&course.nodes).len(), 1);
    assert!(
        said(&course, Outcome::Dropped, "a link cycle")
            && said(&course, Outcome::Dropped, "leads outside of the folder")
    );
    assert!(
        said(&course, Outcome::Missing, "leads nowhere")
            && said(&course, Outcome::Missing, "lies outside of the folder")
    );
    assert!(course.assets.is_empty());
}

#[test]
fn too_many_files_end_at_once() {
    let dir = folder(&[("a.md", ""), ("b.md", ""), ("c.md", "")]);
    let options =
        ImportOptions { limits: Limits { files: 2, ..Limits::default() }, ..ImportOptions::default() };
    assert!(matches!(
        import_folder(dir.path(), &options, &mut ids()),
        Err(ImportError::TooManyFiles { limit: 2 })
    ));
}

#[test]
fn hostile_text_ends_in_a_body() {
    let deep = [
        ">".repeat(5000),
        "- ".repeat(5000),
        "*_".repeat(5000),
        "[".repeat(20_000),
        "<b>".repeat(5000),
        "{".repeat(9000),
    ];
    let divs = (0..3000).map(|n| format!("::: a{n}\n")).collect::<String>() + &":::\n".repeat(3000);
    let json =
        format!("```inkhorn-node\n{}\n```\n", r#"{"type":"a","content":["#.repeat(100) + &"]}".repeat(100));
    let wrong = "```inkhorn-node\n{\"type\":\"paragraph\",\"content\":[{\"type\":\"table\"}]}\n```\n";
    let hollow =
        "::: ink-table\n:::\n\n::: ink-row\n:::\n\n::: ink-cell\n:::\n\n> +--+\n> +--+\n> +--+\n".to_owned();
    let drawn = "+--+\n".repeat(100_000) + &"| x\n+--+\n".repeat(50_000);
    for text in deep.iter().map(|s| format!("{s}x\n")).chain([
        divs,
        json,
        hollow,
        drawn,
        wrong.into(),
        "\0\u{feff}\r\r\n".into(),
    ]) {
        let blocks = inkhorn_formats::markdown_to_blocks(&text);
        let body = inkhorn_protocol::body::Node::new("doc", blocks);
        assert!(body.content.is_empty() || inkhorn_formats::is_valid(&body), "{text:.60}");
        inkhorn_formats::body_to_markdown(&body);
    }
}

#[test]
fn broken_settings_do_not_stop_an_import() {
    for (name, text) in
        [("book.toml", "["), ("config.yaml", "a: ["), ("mkdocs.yml", ":\n- {"), ("_config.yml", "\t")]
    {
        let dir = folder(&[
            (name, text),
            ("episodes/a.md", "---\ntitle: [\n---\n# A"),
            ("episodes/b.md", "---\n: x\n---\n"),
        ]);
        let course = import(dir.path());
        assert_eq!(lessons(&course.nodes).len(), 2, "{name}");
        assert!(said(&course, Outcome::Converted, "it stands at the top of the lesson"), "{name}");
    }
}

#[test]
fn an_export_never_touches_what_is_there() {
    let course = import(folder(&[("a.md", "# A")]).path());
    let mut none = |_: &_| Ok(None);
    let full = folder(&[("mine.txt", "x")]);
    let refused = export_course(&exportable(&course), &mut none, full.path()).unwrap_err();
    assert!(matches!(refused, ExportError::NotEmpty { .. }));
    let file = full.path().join("mine.txt");
    assert!(matches!(
        export_course(&exportable(&course), &mut none, &file),
        Err(ExportError::NotEmpty { .. })
    ));
    assert_eq!(fs::read_dir(full.path()).unwrap().count(), 1);
    let empty = folder(&[]);
    export_course(&exportable(&course), &mut none, empty.path()).unwrap();
    let mut names: Vec<_> = fs::read_dir(empty.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["book.toml", "src"]);
}

#[test]
fn a_failing_asset_store_leaves_nothing_behind() {
    let png = "\u{89}PNG";
    let dir = folder(&[("a.md", "# A\n\n![x](x.png)"), ("x.png", png)]);
    fs::write(dir.path().join("x.png"), b"\x89PNG\r\n\x1a\n1").unwrap();
    let course = import(dir.path());
    let target = folder(&[]);
    let out = target.path().join("new/course");
    let failing = export_course(&exportable(&course), &mut |_| Err(std::io::Error::other("disk full")), &out);
    assert!(failing.unwrap_err().to_string().contains("disk full"));
    assert!(!out.exists() && fs::read_dir(target.path().join("new")).unwrap().count() == 0);
    let report = export_course(&exportable(&course), &mut |_| Ok(None), &out).unwrap();
    assert_eq!((report.lessons, report.assets, report.missing_assets.len()), (1, 0, 1));
    assert!(fs::read_to_string(out.join("src/01-a/01-a.md")).unwrap().contains("asset:"));
}
