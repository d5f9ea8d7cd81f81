//! What is typed is saved by itself, and is there after a restart.

use crate::support::app::with_app;
use inkhorn_testkit::profile::Profile;

#[tokio::test]
async fn the_first_start_opens_the_sample_course_and_what_is_typed_there_survives_a_restart()
-> anyhow::Result<()> {
    let profile = Profile::new()?;
    let lesson = with_app(profile.path(), async |app| {
        let lesson = app.lesson().await?;
        app.write(" Written in the window, 日本語 😀").await?;
        app.saved().await?;
        Ok(lesson)
    })
    .await?;
    with_app(profile.path(), async |app| {
        app.open_lesson(&lesson).await?;
        app.shows("Written in the window, 日本語 😀").await
    })
    .await?;
    anyhow::ensure!(profile.lesson(&lesson)?.contains("Written in the window, 日本語 😀"));
    Ok(())
}
