//! An .rpm, by `rpmbuild`. What the programs need, by the names of libraries, it finds itself.

use super::{Package, fresh, version};
use crate::command::{output, run};
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Packs it into `out`, and gives the file.
pub(super) fn pack(package: &Package, out: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(out)?;
    let work = package.tree.with_file_name(format!("{}-rpm", package.name));
    fresh(&work)?;
    let spec = work.join("inkhorn.spec");
    std::fs::write(&spec, specification(package)?)?;
    let mut build = Command::new("rpmbuild");
    build.args(["-bb", "--quiet", "--define"]).arg(format!("_topdir {}", work.display()));
    run(build.arg(&spec))?;
    let found = output(Command::new("find").arg(work.join("RPMS")).args(["-name", "*.rpm"]));
    let built = found.as_deref().and_then(|found| found.lines().next()).context("rpmbuild made nothing")?;
    let file = out.join(Path::new(built).file_name().context("a file")?);
    std::fs::copy(built, &file)?;
    Ok(file)
}

fn specification(package: &Package) -> anyhow::Result<String> {
    let mut summary = package.summary.to_owned();
    // RPM's summaries begin with a capital letter, Debian's with a small one.
    if let Some(first) = summary.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let files = "cd \"$1\" && find usr -type f -printf '/%p\\n' | sort";
    let files =
        output(Command::new("sh").args(["-c", files, "sh"]).arg(&package.tree)).context("find failed")?;
    let post = package.postinst.map(|script| format!("%post\n{script}\n")).unwrap_or_default();
    Ok(format!(
        "%global debug_package %{{nil}}\n\
         %global __strip /bin/true\n\
         %global _build_id_links none\n\
         %global _binary_payload w9.xzdio\n\
         Name: {name}\nVersion: {version}\nRelease: 1\nSummary: {summary}\nLicense: MIT OR Apache-2.0\n\
         %description\n{description}\n\n\
         %install\nmkdir -p %{{buildroot}}\ncp -a '{tree}/.' %{{buildroot}}/\n\n\
         {post}\
         %files\n%defattr(-,root,root)\n{files}",
        name = package.name,
        version = version(),
        description = package.description,
        tree = package.tree.display(),
    ))
}
