//! What a course says of itself goes out and comes back.

use inkhorn_formats::{About, AssetUse, ExportCourse, ImportOptions, ImportedCourse};
use inkhorn_protocol::NodeId;
use inkhorn_protocol::settings::Direction;
use std::path::Path;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and more";

fn import(folder: &Path) -> ImportedCourse {
    let mut count = 0;
    let mut ids = || {
        count += 1;
        format!("n{count}").parse::<NodeId>().unwrap()
    };
    inkhorn_formats::import_folder(folder, &ImportOptions::default(), &mut ids).unwrap()
}

#[test]
fn all_of_it_survives_an_export_and_an_import_beside_files_that_other_tools_read() {
    let source = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = source.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("book.toml", "[book]\ntitle = \"Ground\"\nauthors = [\"Maria \\\"M\\\" S\", \" Ben \"]\nlanguage = \"ar\"\ntext-direction = \"rtl\"\n".as_bytes());
    write("inkhorn.toml", "[course]\nlicence = \"CC BY 4.0\"\nobjectives = [\"Tell sand from silt\"]\ncover = \"src/pictures/soil.png\"\n".as_bytes());
    write("src/SUMMARY.md", b"# Summary\n\n- [One](one.md)\n");
    write("src/one.md", b"# One\n\nText.\n");
    write("src/pictures/soil.png", PNG);
    let course = import(source.path());
    let about = course.about.clone();
    assert_eq!(
        (about.language.as_str(), about.direction, about.licence.as_str()),
        ("ar", Direction::Rtl, "CC BY 4.0")
    );
    assert_eq!(
        (about.authors.clone(), about.objectives.clone()),
        (vec!["Maria \"M\" S".into(), "Ben".into()], vec!["Tell sand from silt".to_owned()])
    );
    let cover: &AssetUse = about.cover.as_ref().unwrap();
    assert_eq!((cover.name.as_str(), cover.mime.as_str()), ("soil.png", "image/png"));
    assert!(
        course.assets.iter().any(|asset| asset.hash == cover.hash),
        "its file is among those to be stored"
    );

    let again = crate::assert_round_trip(&course);
    assert_eq!(again.about, about);
}

#[test]
fn a_site_of_mkdocs_says_author_licence_and_language() {
    let source = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(source.path().join(name), text).unwrap();
    write(
        "mkdocs.yml",
        "site_name: Ground\nsite_author: Maria\ncopyright: CC0 1.0\ntheme:\n  language: pt-BR\n",
    );
    std::fs::create_dir(source.path().join("docs")).unwrap();
    write("docs/one.md", "# One\n");
    let about = import(source.path()).about;
    let expected = About {
        language: "pt-BR".into(),
        licence: "CC0 1.0".into(),
        authors: vec!["Maria".into()],
        ..About::default()
    };
    assert_eq!(about, expected);
}

#[test]
fn what_makes_no_sense_is_left_out_and_nothing_said_is_no_file() {
    let source = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(source.path().join(name), text).unwrap();
    write("one.md", "# One\n");
    write(
        "book.toml",
        "[book]\nlanguage = \"not a language\"\ntext-direction = \"up\"\nauthors = [1, \"\", {}]\n",
    );
    write("inkhorn.toml", "[course]\ncover = \"../../etc/passwd\"\nobjectives = 7\n");
    assert_eq!(import(source.path()).about, About::default());

    let out = source.path().join("out");
    let course = ExportCourse { title: "T".into(), ..ExportCourse::default() };
    inkhorn_formats::export_course(&course, &mut |_| Ok(None), &out).unwrap();
    assert!(!out.join("inkhorn.toml").exists());
    assert_eq!(
        std::fs::read_to_string(out.join("book.toml")).unwrap(),
        "[book]\ntitle = \"T\"\nsrc = \"src\"\n"
    );
}
