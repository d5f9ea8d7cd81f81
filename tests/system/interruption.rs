//! The server goes away, or a program is killed, at the worst moment: nothing that was acked or shown as saved is lost.

use anyhow::ensure;
use inkhorn_testkit::profile::{Profile, of_kind};
use inkhorn_testkit::{corpus, server::Server};
use std::time::Duration;

#[test]
fn a_server_that_is_killed_in_mid_sync_is_synced_with_after_it_comes_back() -> anyhow::Result<()> {
    let (mut server, ada, ben) = (Server::start()?, Profile::new()?, Profile::new()?);
    ada.login(&server, "ada@example.org")?;
    ben.login(&server, "ben@example.org")?;
    let written = corpus::written()?;
    let folder = corpus::real("iot-for-beginners").unwrap_or_else(|| written.path().to_owned());
    let course = ada.last_line(&["import", &folder.to_string_lossy()])?;
    // Sharing resumes after a crash at any step, so it is interrupted at several of them.
    for wait in [30u64, 150, 500, 1_200] {
        let mut sharing = ada.spawn(&["share", &course])?;
        std::thread::sleep(Duration::from_millis(wait));
        server.kill()?;
        let _ = sharing.kill();
        sharing.wait()?;
        server.restart()?;
    }
    server.kill()?;
    let said = ada.refused(&["sync", "--timeout", "4"])?;
    ensure!(!said.trim().is_empty(), "says why");
    server.restart()?;
    ada.run(&["share", &course])?;
    ada.sync()?;
    server.member(&course, "ben@example.org", "editor")?;
    ben.run(&["join", &course])?;
    ben.sync()?;
    ensure!(ada.outline(&course)? == ben.outline(&course)?, "the outlines differ");
    super::convergence::same_bodies(&ada, &ben, &course)
}

#[test]
fn what_the_command_line_reported_as_done_is_there_after_it_was_killed() -> anyhow::Result<()> {
    let (ada, folder) = (Profile::new()?, corpus::written()?);
    let course = ada.last_line(&["import", &folder.path().to_string_lossy()])?;
    let lesson = of_kind(&ada.outline(&course)?, "lesson")[0].id.clone();
    for round in 0..10 {
        ada.append(&lesson, &format!("Saved before the power went, round {round}.\n"))?;
        // A second writer is killed somewhere in its work; it must not harm what is there.
        let mut second = ada.spawn(&["import", &folder.path().to_string_lossy()])?;
        std::thread::sleep(Duration::from_millis(20 * round));
        second.kill()?;
        second.wait()?;
    }
    let text = ada.lesson(&lesson)?;
    for round in 0..10 {
        ensure!(text.contains(&format!("round {round}.")), "round {round} is lost");
    }
    Ok(())
}
