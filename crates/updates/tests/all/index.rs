//! The two levels, partial overlaps, forks, gaps and state vectors amid a struct.

use inkhorn_updates::{Gap, Misplaced, Refused, StateVector, is_noop, rekey, rekey_to, validate};

use crate::{hex, index};

/// One struct of text: client, clock, what it hangs on, the text.
fn text(client: u8, clock: u8, origin: Option<(u8, u8)>, text: &str) -> Vec<u8> {
    let mut bytes = vec![1, 1, client, clock];
    match origin {
        Some((client, clock)) => bytes.extend([0x84, client, clock]),
        None => bytes.extend([&[4, 1, 4][..], b"text"].concat()),
    }
    bytes.push(text.len() as u8);
    bytes.extend(text.as_bytes());
    bytes.push(0);
    bytes
}

fn vector(clients: &[(u64, u32)]) -> StateVector {
    clients.iter().copied().collect()
}

#[test]
fn what_is_in_flight_is_seen_by_checks_and_not_by_readers() {
    let mut index = index();
    index.add(&text(1, 0, None, "a")).unwrap();
    index.stage(&text(1, 1, Some((1, 0)), "b")).unwrap();
    index.stage(&text(2, 0, Some((1, 1)), "c")).unwrap();
    assert_eq!(index.state_vector(), vector(&[(1, 1)]));
    assert_eq!(index.staged_state_vector(), vector(&[(1, 2), (2, 1)]));
    assert_eq!(index.encode(), text(1, 0, None, "a"));
    assert_eq!(index.compact(), text(1, 0, None, "a"));
    assert_eq!(index.diff(&vector(&[(1, 1)])), [0, 0]);
    // Duplicates of what is in flight pass, forks of it do not.
    assert!(index.check(&text(2, 0, Some((1, 1)), "c")).unwrap().is_noop);
    assert_eq!(index.stage(&text(2, 0, Some((1, 1)), "d")), Err(Refused::Fork { client: 2, clock: 0 }));
    assert_eq!(index.add(&text(3, 0, None, "d")), Err(Refused::InFlight));

    index.commit(1);
    assert_eq!(index.state_vector(), vector(&[(1, 2)]));
    assert_eq!(index.in_flight(), 1);
    index.commit(1);
    assert_eq!(index.state_vector(), vector(&[(1, 2), (2, 1)]));
}

#[test]
fn a_commit_that_fails_between_two_dependent_updates_leaves_neither() {
    let mut index = index();
    index.add(&text(1, 0, None, "a")).unwrap();
    let (first, second) = (text(2, 0, Some((1, 0)), "b"), text(3, 0, Some((2, 0)), "c"));
    index.stage(&first).unwrap();
    index.stage(&second).unwrap();
    index.commit(1);
    index.rollback();
    assert_eq!(index.staged_state_vector(), vector(&[(1, 1), (2, 1)]));
    index.stage(&second).unwrap();
    index.rollback();
    // And where the first fails as well, the second has nothing to hang on.
    let mut index = self::index();
    index.add(&text(1, 0, None, "a")).unwrap();
    index.stage(&first).unwrap();
    index.stage(&second).unwrap();
    index.rollback();
    assert_eq!(index.staged_state_vector(), vector(&[(1, 1)]));
    assert_eq!(index.add(&second), Err(Refused::UnknownReference { client: 2, clock: 0 }));
    index.add(&first).unwrap();
    index.add(&second).unwrap();
}

#[test]
fn deletions_in_flight_are_not_seen_and_are_dropped_with_it() {
    let mut index = index();
    index.add(&text(1, 0, None, "abc")).unwrap();
    let deletion = [0, 1, 1, 1, 1, 1];
    assert!(index.stage(&deletion).unwrap().new_deletes);
    assert!(!index.stage(&deletion).unwrap().new_deletes);
    assert!(index.delete_set().is_empty());
    index.rollback();
    assert!(index.add(&deletion).unwrap().new_deletes);
    assert!(index.delete_set().contains(1, 1) && !index.delete_set().contains(1, 2));
    assert!(index.add(&deletion).unwrap().is_noop);
}

#[test]
fn checking_leaves_both_levels_as_they_are() {
    let mut index = index();
    index.stage(&text(1, 0, None, "a")).unwrap();
    index.stage(&[0, 1, 1, 1, 0, 1]).unwrap();
    assert_eq!(index.check(&text(1, 1, Some((1, 0)), "b")).unwrap().new, [(1, 1, 2)]);
    assert_eq!(index.check(&text(2, 0, None, "b")).unwrap().new, [(2, 0, 1)]);
    assert_eq!(index.staged_state_vector(), vector(&[(1, 1)]));
    assert_eq!(index.in_flight(), 2);
    index.commit(2);
    assert!(index.delete_set().contains(1, 0));
}

#[test]
fn a_refused_update_leaves_nothing_behind() {
    let mut index = index();
    index.add(&text(1, 0, None, "a")).unwrap();
    // Client 3 is fine and comes first; client 2 hangs on an unknown id.
    let bytes = [&[2, 1, 3, 0, 4, 1, 4][..], b"text", &[1, b'x', 1, 2, 0, 0x84, 9, 0, 1, b'y', 0]].concat();
    assert_eq!(index.add(&bytes), Err(Refused::UnknownReference { client: 9, clock: 0 }));
    assert_eq!(index.staged_state_vector(), vector(&[(1, 1)]));
    assert_eq!(index.encode(), text(1, 0, None, "a"));
    // The structs are fine, the delete set is not.
    let mut bytes = text(3, 0, None, "x");
    bytes.pop();
    bytes.extend([1, 3, 1, 0, 2]);
    assert_eq!(index.add(&bytes), Err(Refused::UnknownReference { client: 3, clock: 1 }));
    assert_eq!(index.staged_state_vector(), vector(&[(1, 1)]));
}

#[test]
fn lists_that_depend_on_each_other_are_taken_in_whatever_order_they_are_written() {
    // (1,0) a; (2,0) on (1,0); (1,1) on (2,0); (2,1) on (1,1).
    let one = [&[2, 1, 0, 4, 1, 4][..], b"text", &[1, b'a', 0x84, 2, 0, 1, b'c']].concat();
    let two = [2, 2, 0, 0x84, 1, 0, 1, b'b', 0x84, 1, 1, 1, b'd'];
    for lists in [[&one[..], &two[..]], [&two[..], &one[..]]] {
        let update = [&[2][..], lists[0], lists[1], &[0]].concat();
        let mut index = index();
        index.add(&update).unwrap();
        assert_eq!(index.state_vector(), vector(&[(1, 2), (2, 2)]));
    }
}

#[test]
fn a_gap_is_refused_with_what_is_missing() {
    let mut index = index();
    index.add(&text(1, 0, None, "ab")).unwrap();
    assert_eq!(index.add(&text(1, 3, Some((1, 2)), "d")), Err(Refused::Gap { client: 1, have: 2, need: 3 }));
    assert_eq!(index.add(&[0, 1, 1, 1, 1, 2]), Err(Refused::UnknownReference { client: 1, clock: 2 }));
}

#[test]
fn what_a_skip_hides_is_left_out_with_all_that_depends_on_it() {
    // Client 1: a, Skip of one, c. Client 2 hangs on c. Client 3 hangs on a.
    let one = [&[3, 1, 0, 4, 1, 4][..], b"text", &[1, b'a', 10, 1, 0x84, 1, 1, 1, b'c']].concat();
    let two = [1, 2, 0, 0x84, 1, 2, 1, b'd'];
    let three = [1, 3, 0, 0x84, 1, 0, 1, b'e'];
    let deletes = [2, 3, 1, 0, 1, 1, 1, 2, 1];
    let update = [&[3][..], &one, &two, &three, &deletes].concat();
    assert!(validate(&update).unwrap().has_skip);
    let mut index = index();
    let added = index.add(&update).unwrap();
    assert_eq!(added.gap, Some(Gap { client: 1, have: 1, need: 2 }));
    assert_eq!(added.new, [(1, 0, 1), (3, 0, 1)]);
    assert!(added.new_deletes);
    assert_eq!(index.state_vector(), vector(&[(1, 1), (3, 1)]));
    // What is stored and relayed holds only what was taken.
    let mut other = self::index();
    let part = added.part.unwrap();
    assert_eq!(other.add(&part).unwrap().gap, None);
    assert_eq!((other.encode(), other.delete_set()), (index.encode(), index.delete_set()));

    // Once the gap is filled, the same update brings the rest.
    index.add(&text(1, 1, Some((1, 0)), "b")).unwrap();
    let added = index.add(&update).unwrap();
    assert_eq!(added.gap, None);
    assert_eq!(added.new, [(1, 2, 3), (2, 0, 1)]);
}

#[test]
fn a_known_range_with_other_live_content_is_a_fork() {
    let mut index = index();
    index.add(&text(1, 0, None, "hello")).unwrap();
    assert_eq!(index.add(&text(1, 0, None, "help")), Err(Refused::Fork { client: 1, clock: 3 }));
    assert_eq!(index.add(&text(1, 3, Some((1, 2)), "p!")), Err(Refused::Fork { client: 1, clock: 3 }));
    // The same letters at another place.
    assert_eq!(
        index.add(&text(1, 0, Some((1, 0)), "h")),
        Err(Refused::UnknownReference { client: 1, clock: 0 }).or(Err(Refused::Fork { client: 1, clock: 0 }))
    );
    assert_eq!(index.add(&text(1, 3, Some((1, 0)), "lo")), Err(Refused::Fork { client: 1, clock: 3 }));
    // Another kind.
    let format = [&[1, 1, 1, 0, 6, 1, 4][..], b"text", &[1, b'b', 4], b"null", &[0]].concat();
    assert_eq!(index.add(&format), Err(Refused::Fork { client: 1, clock: 0 }));
    // Even where most of it is new.
    assert_eq!(index.add(&text(1, 0, None, "hellO world")), Err(Refused::Fork { client: 1, clock: 4 }));
}

#[test]
fn deleted_content_that_differs_is_no_fork() {
    let mut index = index();
    index.add(&text(1, 0, None, "hello")).unwrap();
    // Its own delete set says so.
    let mut gone = text(1, 0, None, "hELLo");
    gone.pop();
    gone.extend([1, 1, 1, 1, 3]);
    assert!(index.add(&gone).unwrap().new_deletes);
    // It is known as deleted.
    index.add(&text(1, 0, None, "hxxxo")).unwrap();
    assert_eq!(index.add(&text(1, 0, None, "hxxxx")), Err(Refused::Fork { client: 1, clock: 4 }));
    // Content that was dropped, as an item and as GC.
    index.add(&[1, 2, 1, 1, 0x81, 1, 0, 3, 0x84, 1, 3, 1, b'o', 0]).unwrap();
    index.add(&[1, 1, 1, 0, 0, 5, 0]).unwrap();
    assert_eq!(index.state_vector(), vector(&[(1, 5)]));
}

#[test]
fn other_boundaries_between_structs_are_no_difference() {
    let mut index = index();
    index.add(&text(1, 0, None, "ab")).unwrap();
    index.add(&text(1, 2, Some((1, 1)), "cdé😀f")).unwrap();
    assert!(index.add(&text(1, 0, None, "abcdé😀f")).unwrap().is_noop);
    for clock in 1..5 {
        let rest: String = "abcdé😀f".chars().skip(clock as usize).collect();
        assert!(index.add(&text(1, clock, Some((1, clock - 1)), &rest)).unwrap().is_noop, "{clock}");
    }
}

#[test]
fn a_cut_amid_a_surrogate_pair_is_what_yjs_makes_of_it() {
    let mut index = index();
    index.add(&text(1, 0, None, "a😀b")).unwrap();
    // Clock 2 is the second half.
    let cut = text(1, 2, Some((1, 1)), "\u{fffd}b");
    assert_eq!(index.diff(&vector(&[(1, 2)])), cut);
    assert!(index.add(&cut).unwrap().is_noop);
    assert!(index.add(&text(1, 0, None, "a\u{fffd}\u{fffd}b")).unwrap().is_noop);
    assert_eq!(index.diff(&vector(&[(1, 1)])), text(1, 1, Some((1, 0)), "😀b"));
    assert_eq!(index.diff(&vector(&[(1, 3)])), text(1, 3, Some((1, 2)), "b"));
}

#[test]
fn a_diff_begins_where_the_remote_ends_also_amid_a_struct() {
    let mut index = index();
    index.add(&text(1, 0, None, "abc")).unwrap();
    index.add(&text(2, 0, Some((1, 2)), "x")).unwrap();
    index.add(&text(1, 3, Some((2, 0)), "de")).unwrap();
    assert_eq!(index.diff(&vector(&[(1, 3), (2, 1)])), text(1, 3, Some((2, 0)), "de"));
    assert_eq!(index.diff(&vector(&[(1, 4), (2, 1)])), text(1, 4, Some((1, 3)), "e"));
    assert_eq!(
        index.diff(&vector(&[(1, 1), (2, 1)])),
        [1, 2, 1, 1, 0x84, 1, 0, 2, b'b', b'c', 0x84, 2, 0, 2, b'd', b'e', 0]
    );
    // A remote that claims more than there is lacks nothing.
    assert_eq!(index.diff(&vector(&[(1, 9), (2, 9), (7, 9)])), [0, 0]);
}

#[test]
fn values_are_cut_between_values_and_garbage_between_clocks() {
    let mut index = index();
    let values =
        [&[1, 1, 1, 0, 8, 1, 4][..], b"list", &[3, 125, 1, 117, 1, 125, 2, 119, 1, b'z', 0]].concat();
    index.add(&values).unwrap();
    assert_eq!(index.diff(&vector(&[(1, 1)])), [1, 1, 1, 1, 0x88, 1, 0, 2, 117, 1, 125, 2, 119, 1, b'z', 0]);
    index.add(&[1, 1, 2, 0, 0, 5, 0]).unwrap();
    assert_eq!(index.diff(&vector(&[(1, 3), (2, 2)])), [1, 1, 2, 2, 0, 3, 1, 2, 1, 0, 5]);
}

#[test]
fn typing_compacts_to_one_struct_without_dropping_deleted_content() {
    let mut index = index();
    index.add(&text(1, 0, None, "h")).unwrap();
    for (clock, letter) in "ello".chars().enumerate() {
        index.add(&text(1, clock as u8 + 1, Some((1, clock as u8)), &letter.to_string())).unwrap();
    }
    index.add(&[0, 1, 1, 1, 1, 2]).unwrap();
    let mut whole = text(1, 0, None, "hello");
    whole.pop();
    whole.extend([1, 1, 1, 1, 2]);
    assert_eq!(index.compact(), whole);
    let mut again = self::index();
    again.add(&index.compact()).unwrap();
    assert_eq!((again.state_vector(), again.delete_set()), (index.state_vector(), index.delete_set()));
    // The log still passes as duplicates on top of the checkpoint.
    assert!(again.add(&index.encode()).unwrap().is_noop);
}

#[test]
fn what_was_put_before_something_else_is_not_joined_with_what_was_not() {
    let mut index = index();
    index.add(&text(1, 0, None, "a")).unwrap();
    index.add(&text(2, 0, Some((1, 0)), "x")).unwrap();
    // "b" between "a" and "x", by the writer of "a"; then "c" behind "b", before "x" again.
    index.add(&[1, 1, 1, 1, 0xc4, 1, 0, 2, 0, 1, b'b', 0]).unwrap();
    index.add(&[1, 1, 1, 2, 0xc4, 1, 1, 2, 0, 1, b'c', 0]).unwrap();
    let joined =
        [1, 0, 4, 1, 4].into_iter().chain(*b"text").chain([1, b'a', 0xc4, 1, 0, 2, 0, 2, b'b', b'c', 0]);
    assert!(index.compact().ends_with(&joined.collect::<Vec<_>>()));
}

#[test]
fn shared_types_nest_as_deep_as_allowed_and_no_deeper() {
    let mut index = index();
    index.add(&[&[1, 1, 1, 0, 7, 1, 4][..], b"body", &[3, 1, b'p', 0]].concat()).unwrap();
    let number = |value: u32| {
        if value < 128 { vec![value as u8] } else { vec![value as u8 | 0x80, (value >> 7) as u8] }
    };
    let nested = |clock: u32| {
        [&[1, 1, 1][..], &number(clock), &[7, 0, 1], &number(clock - 1), &[3, 1, b'p', 0]].concat()
    };
    let deepest = u32::from(inkhorn_updates::MAX_NESTING);
    for clock in 1..=deepest {
        index.add(&nested(clock)).unwrap();
    }
    let reason = Misplaced::Nesting;
    assert_eq!(
        index.add(&nested(deepest + 1)),
        Err(Refused::Container { client: 1, clock: deepest + 1, reason })
    );
}

#[test]
fn values_under_a_key_are_not_joined() {
    let mut index = index();
    let first = [&[1, 1, 1, 0, 0x28, 1, 3][..], b"map", &[1, b'k', 1, 125, 1, 0]].concat();
    index.add(&first).unwrap();
    index.add(&[1, 1, 1, 1, 0xa8, 1, 0, 1, 125, 2, 1, 1, 1, 0, 1]).unwrap();
    let summary = index.compact();
    assert_eq!(summary[1], 2, "two structs");
}

#[test]
fn children_follow_their_container() {
    let mut index = index();
    // An element in the body, a text in it, a map beside that text is refused, and so is text in an element.
    index.add(&[&[1, 1, 1, 0, 7, 1, 4][..], b"body", &[3, 1, b'p', 0]].concat()).unwrap();
    index.add(&[1, 1, 1, 1, 7, 0, 1, 0, 6, 0]).unwrap();
    let refused = |clock| Err(Refused::Container { client: 1, clock, reason: Misplaced::Kind });
    assert_eq!(index.add(&[1, 1, 1, 2, 0x87, 1, 1, 1, 0]), refused(2));
    assert_eq!(index.add(&[1, 1, 1, 2, 4, 0, 1, 0, 1, b'x', 0]), refused(2));
    // Text has a place in the text, an attribute on the element.
    index.add(&[1, 1, 1, 2, 4, 0, 1, 1, 1, b'x', 0]).unwrap();
    index.add(&[1, 1, 1, 3, 0x28, 0, 1, 0, 1, b'k', 1, 119, 1, b'v', 0]).unwrap();
    assert_eq!(index.add(&[1, 1, 1, 4, 0x84, 1, 3, 1, b'x', 0]), refused(4));
    // A parent must be a shared type.
    let parent = Misplaced::Parent;
    assert_eq!(
        index.add(&[1, 1, 1, 4, 4, 0, 1, 2, 1, b'x', 0]),
        Err(Refused::Container { client: 1, clock: 4, reason: parent })
    );
}

#[test]
fn keys_belong_on_maps_elements_and_texts_only() {
    let entry =
        |root: &str| [&[1, 1, 1, 0, 0x28, 1, 4][..], root.as_bytes(), &[1, b'k', 1, 125, 1, 0]].concat();
    let reason = Misplaced::Kind;
    assert_eq!(index().add(&entry("list")), Err(Refused::Container { client: 1, clock: 0, reason }));
    assert!(index().add(&entry("body")).is_ok() && index().add(&entry("text")).is_ok());
    // In the sequence of a map, only what is gone already.
    let value = [&[1, 1, 1, 0, 8, 1, 3][..], b"map", &[1, 125, 1, 0]].concat();
    assert_eq!(index().add(&value), Err(Refused::Container { client: 1, clock: 0, reason }));
    assert!(index().add(&[&[1, 1, 1, 0, 1, 1, 3][..], b"map", &[4, 0]].concat()).is_ok());
}

#[test]
fn what_hangs_on_something_gone_is_taken() {
    let mut index = index();
    index.add(&[1, 1, 1, 0, 0, 3, 0]).unwrap();
    // Origin in GC, parent in GC.
    index.add(&text(2, 0, Some((1, 1)), "x")).unwrap();
    index.add(&[1, 1, 3, 0, 4, 0, 1, 0, 1, b'y', 0]).unwrap();
    assert_eq!(index.state_vector(), vector(&[(1, 3), (2, 1), (3, 1)]));
}

#[test]
fn an_update_without_structs_and_deletions_is_a_noop() {
    assert_eq!(is_noop(&[0, 0]), Ok(true));
    assert_eq!(is_noop(&[1, 1, 5, 0, 10, 7, 0]), Ok(true));
    assert_eq!(is_noop(&text(1, 0, None, "a")), Ok(false));
    assert_eq!(is_noop(&[0, 1, 5, 1, 0, 1]), Ok(false));
    assert!(is_noop(&[0]).is_err());
    assert!(index().add(&[0, 0]).unwrap().is_noop);
}

#[test]
fn rekeying_moves_the_unacked_part_and_leaves_the_acked() {
    // "abcd" of client 1, of which "ab" was acked; "e" of client 2 between; deletions on both sides.
    let update = hex("02 01020084010101 65 02 010004010474657874 0461626364 8402000166 01010201010301"
        .replace(' ', "")
        .as_str());
    assert!(validate(&update).is_ok());
    let moved = rekey(&update, 1, 9, 2).unwrap();
    let expected = hex(
        "03 02 0900 84010102 6364 8402000166 01 0200 840101 0165 01 0100 04010474657874 026162 02 09010101 01010101"
            .replace(' ', "")
            .as_str(),
    );
    assert_eq!(moved, expected);
    // Where nothing is acked, everything moves; ids of others never do.
    let all = rekey(&update, 1, 9, 0).unwrap();
    assert_eq!(validate(&all).unwrap().clients.keys().copied().collect::<Vec<_>>(), [2, 9]);
    assert_eq!(rekey(&all, 9, 1, 0).unwrap(), rekey(&update, 1, 1, 0).unwrap());
    assert_eq!(rekey(&update, 7, 9, 0).unwrap(), update);
    assert!(rekey(&update, 1, 2, 0).is_err());
    assert!(rekey_to(&update, 1, 9, 2, (1 << 31) - 3).is_err());
    assert_eq!(validate(&rekey_to(&update, 1, 9, 2, 5).unwrap()).unwrap().clients[&9], (5, 8));
}
