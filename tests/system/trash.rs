//! Trash and move at the same time: the lesson that somebody moved stays, whoever comes back first.

use anyhow::ensure;
use inkhorn_testkit::profile::{Profile, nodes, of_kind};
use inkhorn_testkit::{corpus, server::Server};

struct Pair {
    _server: Server,
    ada: Profile,
    ben: Profile,
    course: String,
    chapters: Vec<String>,
    /// First lesson of the first chapter.
    lesson: String,
}

fn pair() -> anyhow::Result<Pair> {
    let (server, ada, ben) = (Server::start()?, Profile::new()?, Profile::new()?);
    ada.login(&server, "ada@example.org")?;
    ben.login(&server, "ben@example.org")?;
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &folder.path().to_string_lossy()])?;
    ada.run(&["share", &course])?;
    ada.sync()?;
    server.member(&course, "ben@example.org", "editor")?;
    ben.run(&["join", &course])?;
    ben.sync()?;
    let outline = ada.outline(&course)?;
    let ids = |kind| of_kind(&outline, kind).into_iter().map(|node| node.id).collect::<Vec<_>>();
    let (chapters, lesson) = (ids("chapter"), ids("lesson")[0].clone());
    Ok(Pair { _server: server, ada, ben, course, chapters, lesson })
}

impl Pair {
    fn meet(&self, ada_first: bool) -> anyhow::Result<()> {
        let order =
            if ada_first { [&self.ada, &self.ben, &self.ada] } else { [&self.ben, &self.ada, &self.ben] };
        order.iter().try_for_each(|profile| profile.sync())?;
        ensure!(self.ada.outline(&self.course)? == self.ben.outline(&self.course)?, "the outlines differ");
        Ok(())
    }

    fn shown(&self) -> anyhow::Result<usize> {
        let outline = self.ada.outline(&self.course)?;
        Ok(nodes(&outline).iter().filter(|node| node.id == self.lesson).count())
    }
}

#[test]
fn a_lesson_that_is_moved_while_it_is_trashed_stays_even_after_it_is_moved_back() -> anyhow::Result<()> {
    for ada_first in [true, false] {
        let pair = pair()?;
        pair.ada.run(&["move", &pair.lesson, "--to", &pair.chapters[1]])?;
        pair.ben.run(&["trash", &pair.lesson])?;
        pair.meet(ada_first)?;
        ensure!(pair.shown()? == 1, "the move did not win (first: {ada_first})");
        pair.ada.run(&["move", &pair.lesson, "--to", &pair.chapters[0]])?;
        pair.meet(ada_first)?;
        ensure!(pair.shown()? == 1, "moving it back trashed it again (first: {ada_first})");
    }
    Ok(())
}

#[test]
fn a_chapter_is_trashed_with_all_that_it_shows_and_comes_back_with_it() -> anyhow::Result<()> {
    let pair = pair()?;
    let before = pair.ada.outline(&pair.course)?;
    pair.ada.run(&["trash", &pair.chapters[0]])?;
    pair.meet(true)?;
    ensure!(pair.shown()? == 0, "its lessons are gone from the outline");
    let trash = pair.ben.json(&["outline", &pair.course, "--trash"])?;
    ensure!(nodes(&trash).iter().any(|node| node.id == pair.lesson), "its lessons are in Trash: {trash}");
    pair.ben.run(&["restore", &pair.chapters[0]])?;
    pair.meet(false)?;
    ensure!(pair.ada.outline(&pair.course)? == before, "restoring did not bring everything back");
    Ok(())
}

#[test]
fn a_lesson_that_is_edited_and_trashed_by_the_same_person_stays_in_trash() -> anyhow::Result<()> {
    let pair = pair()?;
    pair.ben.append(&pair.lesson, "Last words.\n")?;
    pair.ben.run(&["trash", &pair.lesson])?;
    pair.meet(true)?;
    ensure!(pair.shown()? == 0, "what the trasher had seen must not revive it");
    Ok(())
}
