//! Two apps on one profile.

use crate::support::app::with_app;
use anyhow::ensure;
use inkhorn_testkit::profile::Profile;

#[tokio::test]
async fn a_second_app_on_the_same_profile_says_so_and_the_first_one_goes_on() -> anyhow::Result<()> {
    let profile = Profile::new()?;
    with_app(profile.path(), async |first| {
        first.lesson().await?;
        // A second process beside the first one: it has to be found by another path to the same folder.
        let beside = tempfile::TempDir::new()?;
        let other = beside.path().join("same");
        std::os::unix::fs::symlink(profile.path(), &other)?;
        with_app(&other, async |second| {
            let said = second
                .wait(
                    "the message",
                    "return document.querySelector('[data-testid=trouble-message]')?.textContent",
                    &[],
                )
                .await?;
            let code =
                second.js("return document.querySelector('[data-testid=trouble]').dataset.code", &[]).await?;
            ensure!(code == "locked", "{code}: {said}");
            Ok(())
        })
        .await?;
        let refused = profile.refused(&["courses"])?;
        ensure!(!refused.trim().is_empty());
        first.write(" The first one goes on").await?;
        first.saved().await
    })
    .await
}
