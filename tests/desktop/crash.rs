//! What the window called saved is there after `kill -9`.

use crate::support::app::App;
use anyhow::ensure;
use inkhorn_testkit::profile::Profile;

/// Rounds of typing and killing.
const ROUNDS: usize = 10;

#[tokio::test]
async fn what_showed_as_saved_is_there_after_ten_kills() -> anyhow::Result<()> {
    let profile = Profile::new()?;
    let mut lesson = None;
    for round in 0..ROUNDS {
        let app = App::open(profile.path()).await?;
        let typed = async {
            let open = app.lesson().await?;
            if round > 0 {
                app.shows(&format!("round-{}-kept", round - 1)).await?;
            }
            app.write(&format!(" round-{round}-kept")).await?;
            app.saved().await?;
            anyhow::Ok(open)
        }
        .await;
        match typed {
            Ok(open) => {
                app.kill().await?;
                ensure!(lesson.get_or_insert_with(|| open.clone()) == &open, "another lesson was opened");
            }
            Err(error) => {
                let _ = app.quit().await;
                return Err(error);
            }
        }
    }
    let text = profile.lesson(lesson.as_deref().unwrap_or_default())?;
    for round in 0..ROUNDS {
        ensure!(
            text.matches(&format!("round-{round}-kept")).count() == 1,
            "round {round} is not there once: {text}"
        );
    }
    Ok(())
}
