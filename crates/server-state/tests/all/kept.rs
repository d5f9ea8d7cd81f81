//! Views, pages, and the image across restarts.

use crate::cache::{Data, Name, Source, changed, name, quiet, value};
use inkhorn_server_state::{Codec, Pages, Persist, Policy, Restored, View};
use std::sync::Mutex;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_view_shows_the_page_before_until_the_next_is_here_and_marks_it() {
    let source = Source::closed();
    let cache = source.cache();
    let view = View::new(&cache).keep_previous().placeholder(|_| Some(Data(99, 0)));
    view.show(Some(&name("page/1")));
    let shown = view.shown();
    assert_eq!((value(&shown.reply), shown.placeholder), (Some(99), true));
    source.gate.add_permits(1);
    view.changed().await;
    let shown = view.shown();
    assert_eq!((value(&shown.reply), shown.placeholder), (Some(0), false));
    source.with(|world| world.value = 2);
    view.show(Some(&name("page/2")));
    let shown = view.shown();
    assert_eq!((value(&shown.reply), shown.placeholder), (Some(0), true), "page 1 stands in");
    source.gate.add_permits(1);
    view.changed().await;
    let shown = view.shown();
    assert_eq!((value(&shown.reply), shown.placeholder), (Some(2), false));
    view.show(None);
    assert!(view.shown().reply.data.is_none());
    quiet().await;
    assert_eq!(source.fetches(), 2, "nothing is shown and nothing fetched");
}

#[tokio::test(start_paused = true)]
async fn pages_are_keys_of_their_own_and_a_page_that_moved_is_asked_for_where_it_is() {
    let source = Source::open();
    let cache = source.cache();
    // The data of a page is the number of the next.
    source.with(|world| world.value = 1);
    let pages = Pages::new(
        &cache,
        0u64,
        |cursor| name(&format!("list/{cursor}")),
        |data| (data.0 < 10).then_some(data.0),
    );
    quiet().await;
    assert!(pages.has_next());
    source.with(|world| world.value = 2);
    assert!(pages.show_next());
    quiet().await;
    assert_eq!(pages.pages().iter().map(value).collect::<Vec<_>>(), [Some(1), Some(2)]);
    let before = source.fetches();
    source.with(|world| world.value = 10);
    cache.invalidate(&["list", "1"]);
    quiet().await;
    assert_eq!(source.fetches(), before + 1, "the other page was not fetched");
    assert!(!pages.has_next(), "the last page names no other");
    // The first page now names another one as the next.
    source.with(|world| world.value = 5);
    cache.invalidate(&["list", "0"]);
    quiet().await;
    pages.pages();
    quiet().await;
    let shown = pages.pages();
    assert_eq!(shown.iter().map(value).collect::<Vec<_>>(), [Some(5), Some(5)]);
    assert!(cache.peek(&name("list/5")).is_some());
}

#[derive(Default)]
struct Disk(Mutex<Option<Vec<u8>>>);

impl Persist for Disk {
    fn load(&self) -> std::io::Result<Option<Vec<u8>>> {
        Ok(self.0.lock().expect("no panic").clone())
    }
    fn save(&self, image: &[u8]) -> std::io::Result<()> {
        *self.0.lock().expect("no panic") = Some(image.to_vec());
        Ok(())
    }
}

/// Of a version.
struct Numbers(u32);

impl Codec<Name, Data> for Numbers {
    fn version(&self) -> u32 {
        self.0
    }
    fn key_to_bytes(&self, key: &Name) -> Vec<u8> {
        let mut path = Vec::new();
        inkhorn_server_state::Key::path(key, &mut |segment| path.push(segment));
        path.join("/").into_bytes()
    }
    fn key_from_bytes(&self, bytes: &[u8]) -> Option<Name> {
        Some(name(std::str::from_utf8(bytes).ok()?))
    }
    fn data_to_bytes(&self, data: &Data) -> Option<Vec<u8>> {
        Some(data.0.to_le_bytes().to_vec())
    }
    fn data_from_bytes(&self, _: &Name, bytes: &[u8]) -> Option<Data> {
        Some(Data(u64::from_le_bytes(bytes.try_into().ok()?), 8))
    }
}

fn keeping() -> Source {
    let source = Source::open();
    source.with(|world| world.policy = Policy { persist: true, ..Policy::remote(Duration::from_secs(60)) });
    source
}

#[tokio::test(start_paused = true)]
async fn data_comes_back_after_a_restart_as_old_as_it_is() {
    let disk = Disk::default();
    let source = keeping();
    source.with(|world| world.value = 4);
    let cache = source.cache();
    cache.query(&name("a/b")).await;
    cache.save(&disk, &Numbers(1), 1_000_000).expect("saves");

    let again = keeping();
    let cache = again.cache();
    assert_eq!(cache.restore(&disk, &Numbers(1), 1_010_000).expect("loads"), Restored::Entries(1));
    assert_eq!(value(&cache.query(&name("a/b")).await), Some(4));
    assert_eq!(again.fetches(), 0, "ten seconds old: fresh");
    let line = cache.report().lines.pop().expect("a key");
    assert_eq!((line.cause.as_str(), line.age_ms), ("restored", Some(10_000)));

    for wall in [1_070_000, 900_000] {
        let again = keeping();
        let cache = again.cache();
        assert_eq!(
            cache.restore(&disk, &Numbers(1), wall).expect("loads"),
            match wall {
                // A clock that was set back says nothing about age; it may be older than is worth keeping.
                900_000 => Restored::Entries(0),
                _ => Restored::Entries(1),
            }
        );
        cache.query(&name("a/b")).await;
        assert_eq!(again.fetches(), 1, "old, or of unknown age");
    }
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_damaged_or_of_another_version_is_ignored_and_never_a_crash() {
    let disk = Disk::default();
    let cache = keeping().cache();
    assert_eq!(cache.restore(&disk, &Numbers(1), 0).expect("loads"), Restored::Nothing);
    cache.query(&name("a")).await;
    cache.query(&name("b")).await;
    cache.save(&disk, &Numbers(1), 0).expect("saves");
    let whole = disk.load().expect("loads").expect("is there");
    assert_eq!(keeping().cache().restore(&disk, &Numbers(2), 0).expect("loads"), Restored::OtherVersion);
    for cut in 0..whole.len() {
        disk.save(&whole[..cut]).expect("saves");
        assert_eq!(keeping().cache().restore(&disk, &Numbers(1), 0).expect("loads"), Restored::Damaged);
    }
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        disk.save(&flipped).expect("saves");
        let outcome = keeping().cache().restore(&disk, &Numbers(1), 0).expect("loads");
        assert!(matches!(outcome, Restored::Damaged | Restored::OtherVersion), "{outcome:?} at {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_to_be_kept_is_not_and_what_is_known_stays() {
    let disk = Disk::default();
    let source = Source::open();
    let cache = source.cache();
    cache.query(&name("a")).await;
    cache.save(&disk, &Numbers(1), 0).expect("saves");
    assert_eq!(keeping().cache().restore(&disk, &Numbers(1), 0).expect("loads"), Restored::Entries(0));

    let cache = keeping().cache();
    cache.query(&name("a")).await;
    cache.save(&disk, &Numbers(1), 0).expect("saves");
    let newer = keeping();
    newer.with(|world| world.value = 9);
    let cache = newer.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    assert_eq!(cache.restore(&disk, &Numbers(1), 0).expect("loads"), Restored::Entries(0));
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(9));
}
