//! A .deb, by `dpkg-deb`. What the programs need is found by `dpkg-shlibdeps` in the programs themselves.

use super::{Package, fresh, version};
use crate::command::{output, run};
use anyhow::Context;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Who answers for it.
const MAINTAINER: &str = "The Inkhorn authors <packages@inkhorn.org>";

/// Packs it into `out`, and gives the file.
pub(super) fn pack(package: &Package, out: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(out)?;
    let architecture = output(Command::new("dpkg").arg("--print-architecture")).context("dpkg is missing")?;
    let architecture = architecture.trim();
    let root = package.tree.with_file_name(format!("{}-deb", package.name));
    fresh(&root)?;
    run(Command::new("cp").args(["--archive", "--link"]).arg(package.tree.join("usr")).arg(&root))?;
    let control = root.join("DEBIAN");
    std::fs::create_dir_all(&control)?;
    std::fs::write(control.join("control"), fields(package, architecture)?)?;
    if let Some(script) = package.postinst {
        let file = control.join("postinst");
        std::fs::write(&file, format!("#!/bin/sh\nset -e\n{script}"))?;
        run(Command::new("chmod").arg("755").arg(&file))?;
    }
    let sums = "cd \"$1\" && find usr -type f -print0 | sort --zero-terminated | xargs --null md5sum";
    let sums = output(Command::new("sh").args(["-c", sums, "sh"]).arg(&root)).context("md5sum failed")?;
    std::fs::write(control.join("md5sums"), sums)?;
    let file = out.join(format!("{}_{}_{architecture}.deb", package.name, version()));
    run(Command::new("dpkg-deb").args(["--root-owner-group", "-Zxz", "--build"]).arg(&root).arg(&file))?;
    Ok(file)
}

fn fields(package: &Package, architecture: &str) -> anyhow::Result<String> {
    let size = output(
        Command::new("du").args(["--summarize", "--apparent-size", "--block-size=1K"]).arg(&package.tree),
    )
    .context("du failed")?;
    let size = size.split_whitespace().next().unwrap_or("0").to_owned();
    let mut fields = String::new();
    for (name, value) in [
        ("Package", package.name),
        ("Version", version()),
        ("Architecture", architecture),
        ("Maintainer", MAINTAINER),
        ("Installed-Size", &size),
        ("Depends", &needs(package)?),
        ("Recommends", package.recommends),
        ("Section", package.section),
        ("Priority", "optional"),
        ("Description", package.summary),
    ] {
        if !value.is_empty() {
            writeln!(fields, "{name}: {value}")?;
        }
    }
    for line in package.description.lines() {
        writeln!(fields, " {line}")?;
    }
    Ok(fields)
}

/// Debian's packages of the libraries that the programs load.
fn needs(package: &Package) -> anyhow::Result<String> {
    let work = package.tree.with_file_name(format!("{}-needs", package.name));
    fresh(&work.join("debian"))?;
    let control = format!("Source: {0}\n\nPackage: {0}\nArchitecture: any\n", package.name);
    std::fs::write(work.join("debian/control"), control)?;
    let mut ask = Command::new("dpkg-shlibdeps");
    ask.arg("-O").current_dir(&work);
    for program in std::fs::read_dir(package.tree.join("usr/bin"))? {
        ask.arg("-e").arg(program?.path());
    }
    let said = output(&mut ask).context("dpkg-shlibdeps failed")?;
    Ok(said.trim().strip_prefix("shlibs:Depends=").context("dpkg-shlibdeps said nothing")?.to_owned())
}
