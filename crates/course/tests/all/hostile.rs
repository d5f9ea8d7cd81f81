//! What arrives from a hostile or unlucky peer. The replica puts the strict index (`inkhorn-updates`) before the
//! document; where a test needs it too, it does the same.

use crate::lesson::body;
use crate::peers::{flat, id, paragraph, seeded};
use inkhorn_course::{BodyError, Integrate, Lesson, Outline};
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::schema::{self, RootType};
use inkhorn_updates::{Index, Refused, Schema};
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, Doc, Map, MapPrelim, ReadTxn, Transact, Update, WriteTxn, XmlElementPrelim,
};
use yrs::{XmlFragment, types::ToJson};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.bytes().filter_map(|digit| (digit as char).to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

pub(crate) fn index(roots: &[(&'static str, RootType)]) -> Index {
    let kind = |kind: &RootType| match kind {
        RootType::Map => inkhorn_updates::RootType::Map,
        RootType::Array => inkhorn_updates::RootType::Array,
        RootType::Text => inkhorn_updates::RootType::Text,
        RootType::Xml => inkhorn_updates::RootType::Xml,
    };
    Index::new(Schema::new(roots.iter().map(|(name, root)| (*name, kind(root)))))
}

#[test]
fn malformed_updates_are_refused_before_anything_is_allocated_decoded_or_changed() {
    let cases = [
        ("4 bytes that would allocate 10 GB", "8084af5f"),
        ("declared count overflow", "ffffffff0f"),
        (
            "applies, then can never be saved",
            "0103071b0203440000000001031b787e0107010303070107024358595ac60700",
        ),
        (
            "hang on read (v2)",
            "0002000202470a0800030008024c420e0304420e0b0400840181008401c400c62e276168656c6f726c642c2068c3a96c6c6f20f09f98802077c3b6726c6458595a626f6c64626f6c644103130344000101000104010900787e0107010303",
        ),
        ("XmlHook", "01010500070101780502686b00"),
        ("lone surrogate in embedded JSON", "01010500050101740e7b2276223a225c7564383364227d00"),
        ("ContentJSON", "0101050002010161020131013200"),
        ("client twice in structs", "02010500040101740161010501840500016200"),
        ("client twice in the delete set", "00020501000105010201"),
        ("unsorted delete ranges", "0001050204010001"),
        ("info bit 4", "0101050014010174016100"),
        ("nothing", ""),
    ];
    for (what, bytes) in cases {
        let mut lesson = Lesson::new(1);
        let outcome = lesson.apply(&hex(bytes));
        assert!(matches!(outcome, Err(Integrate::Invalid { .. })), "{what}: {outcome:?}");
        assert_eq!(lesson.state_vector().unwrap(), [0], "{what}");
        assert!(lesson.append(&[paragraph("still usable")]).is_ok(), "{what}");
    }
    let overflow = [hex("010105000801016101"), hex("7501").repeat(10_000), hex("7e00")].concat();
    assert!(
        matches!(Lesson::new(1).apply(&overflow), Err(Integrate::Invalid { .. })),
        "10,000 nested arrays"
    );
    assert!(matches!(Lesson::load(1, &hex("8084af5f")), Err(Integrate::Invalid { .. })));
}

#[test]
fn updates_out_of_order_are_refused_one_by_one_and_lose_nothing() {
    let updates = [
        "010102002801016d0161017d0000",
        "01010300a80200017d010102010001",
        "010101002801016d0162017d0200",
        "010102012801016d0162017d0300",
        "01010202a80300017d040103010001",
    ]
    .map(hex);
    let map = |outline: &Outline| {
        let doc = Doc::new();
        let map = doc.get_or_insert_map("m");
        let state = Update::decode_v1(&outline.encode().unwrap()).unwrap();
        doc.transact_mut().apply_update(state).unwrap();
        map.to_json(&doc.transact())
    };
    let mut ordered = Outline::new(9);
    for update in &updates {
        ordered.apply(update).unwrap();
    }
    let mut shuffled = Outline::new(9);
    for at in [3, 2, 4, 1, 0] {
        // Either it stands alone or it is refused; nothing is kept back for later.
        let _ =
            shuffled.apply(&updates[at]).inspect_err(|error| assert_eq!(*error, Integrate::MissingUpdates));
    }
    for update in &updates {
        shuffled.apply(update).unwrap();
    }
    assert_eq!(map(&shuffled), map(&ordered));
    let Any::Map(values) = map(&shuffled) else { panic!() };
    assert!(values.contains_key("a"), "the key that yrs loses when it delivers late updates by itself");
}

#[test]
fn text_where_blocks_belong_is_refused_by_the_index() {
    // "😀" directly in `body`: a reader of children would look for its end for ever.
    let update = [hex("010105000401"), vec![4], b"body".to_vec(), hex("04f09f988000")].concat();
    let refused = index(schema::LESSON_ROOTS).add(&update);
    assert!(matches!(refused, Err(Refused::Container { .. })), "{refused:?}");
}

fn nested(depth: usize) -> Vec<u8> {
    let doc = Doc::with_client_id(5);
    let mut txn = doc.transact_mut();
    let mut element =
        txn.get_or_insert_xml_fragment("body").push_back(&mut txn, XmlElementPrelim::empty("blockquote"));
    for _ in 1..depth {
        element = element.push_back(&mut txn, XmlElementPrelim::empty("blockquote"));
    }
    txn.encode_state_as_update_v1(&Default::default())
}

#[test]
fn a_lesson_nested_5000_deep_is_an_error_and_no_overflow() {
    let update = nested(5_000);
    assert!(
        matches!(index(schema::LESSON_ROOTS).add(&update), Err(Refused::Container { .. })),
        "it does not get so far"
    );
    // A stack as small as any thread of ours has.
    let read = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        let mut lesson = Lesson::new(1);
        lesson.apply(&update).unwrap();
        assert_eq!(lesson.body(), Err(BodyError::TooDeep));
        assert_eq!(lesson.has_unknown_content(), Err(BodyError::TooDeep));
        lesson.encode().unwrap().len()
    });
    assert!(read.unwrap().join().unwrap() > 5_000);
}

#[test]
fn the_deepest_lesson_that_the_index_takes_can_be_deleted_on_a_small_stack() {
    let update = nested(usize::from(inkhorn_updates::MAX_NESTING) - 1);
    index(schema::LESSON_ROOTS).add(&update).unwrap();
    let deleted = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        let mut lesson = Lesson::new(1);
        lesson.apply(&update).unwrap();
        lesson.set_body(&body()).unwrap();
        lesson.body().unwrap()
    });
    assert_eq!(deleted.unwrap().join().unwrap(), body());
}

#[test]
fn a_document_that_panicked_says_so_from_then_on_and_is_rebuilt_without_the_update_that_did_it() {
    // A formatting mark whose parent is a number: passes the validator, makes yrs panic. The index refuses it.
    let hostile = hex(
        "010605002801046d65746106736368656d69017d01070104626f6479030970617261677261706807000501060600050004626f6c6c027b7d\
         8405030b68c3a96c6c6f20f09f988086050b04626f6c64046e756c6c00",
    );
    assert!(matches!(index(schema::LESSON_ROOTS).add(&hostile), Err(Refused::Container { .. })));

    let (mut lesson, first) = Lesson::create(1, &body(), 1, &[]).unwrap();
    let second = lesson.append(&[paragraph("kept")]).unwrap().unwrap();
    assert_eq!(lesson.apply(&hostile), Err(Integrate::Poisoned));
    assert_eq!(lesson.apply(&second), Err(Integrate::Poisoned));
    assert_eq!(lesson.body(), Err(BodyError::Document(Integrate::Poisoned)));
    assert_eq!(lesson.append(&[paragraph("lost?")]), Err(BodyError::Document(Integrate::Poisoned)));
    assert_eq!(lesson.encode(), Err(Integrate::Poisoned));
    drop(lesson);

    let mut rebuilt = Lesson::new(2);
    rebuilt.apply(&first).unwrap();
    rebuilt.apply(&second).unwrap();
    assert_eq!(rebuilt.body().unwrap().content.last(), Some(&paragraph("kept")));
}

/// An honest rich text with moves through all kinds of content, in a few updates.
fn honest() -> Vec<Vec<u8>> {
    let (mut lesson, first) = Lesson::create(5, &body(), 1, &[]).unwrap();
    let second = lesson.append(&[paragraph("héllo 😀 wörld")]).unwrap().unwrap();
    let third = lesson.set_body(&body()).unwrap().unwrap();
    vec![first, second, third]
}

#[test]
fn mutated_updates_never_panic_or_poison_a_document_behind_the_index() {
    let honest = honest();
    let mut random = seeded(1);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..6_000 {
        let (mut index, mut lesson) = (index(schema::LESSON_ROOTS), Lesson::new(1));
        let [at, edits, a, b, c, d, e, f, ..] = random();
        let at = usize::from(at) % honest.len();
        for (position, update) in honest.iter().enumerate() {
            let mut update = update.clone();
            if position == at {
                for (place, value) in [(a, b), (c, d), (e, f)].into_iter().take(1 + usize::from(edits) % 3) {
                    let place = (usize::from(place) << 8 | usize::from(value)) % update.len();
                    match value % 4 {
                        0 => update[place] = value,
                        1 => update[place] ^= 1 << (value % 8),
                        2 => drop(update.remove(place)),
                        _ => update.insert(place, value),
                    }
                }
            }
            if index.add(&update).is_err() {
                refused += 1;
                break;
            }
            taken += 1;
            lesson.apply(&update).unwrap();
        }
        // Whatever got in can be read, written, saved and loaded.
        let body = lesson.body().map(drop);
        assert!(matches!(body, Ok(()) | Err(BodyError::TooDeep)), "{body:?}");
        lesson.append(&[paragraph("honest")]).unwrap();
        Lesson::load(2, &lesson.encode().unwrap()).unwrap();
    }
    assert!(taken > 1_000 && refused > 1_000, "taken {taken}, refused {refused}: the mutations show nothing");
}

#[test]
fn an_outline_of_unreadable_shape_is_kept_shown_as_far_as_it_can_be_and_stays_usable() {
    let doc = Doc::with_client_id(5);
    let mut txn = doc.transact_mut();
    let nodes = txn.get_or_insert_map("nodes");
    nodes.insert(&mut txn, "number", 5);
    nodes.insert(&mut txn, "../path", MapPrelim::from([("kind", Any::from("chapter"))]));
    nodes.insert(&mut txn, "list", ArrayPrelim::default()).push_back(&mut txn, 1);
    txn.get_or_insert_map("meta").insert(&mut txn, "title", 7);
    let place = |parent: Any, position: Any, token: Any| Any::from(vec![parent, position, token]);
    let text = |text: &str| Any::from(text);
    let cases: Vec<(&str, Vec<(&str, Any)>)> = vec![
        ("nothing", vec![]),
        ("newer", vec![("kind", text("module")), ("place", place(Any::Null, text("V"), text("m")))]),
        (
            "inNewer",
            vec![
                ("kind", text("lesson")),
                ("title", text("x")),
                ("place", place(text("newer"), text("V"), text("m"))),
            ],
        ),
        (
            "ok",
            vec![
                ("kind", text("chapter")),
                ("title", Any::from(3)),
                ("place", place(Any::Null, text("V"), text("m"))),
            ],
        ),
        ("noPlace", vec![("kind", text("lesson")), ("title", text("x"))]),
        (
            "ownParent",
            vec![("kind", text("section")), ("place", place(text("ownParent"), text("V"), text("m")))],
        ),
        ("cycleA", vec![("kind", text("section")), ("place", place(text("cycleB"), text("V"), text("m")))]),
        ("cycleB", vec![("kind", text("section")), ("place", place(text("cycleA"), text("V"), text("m")))]),
        ("badPosition", vec![("kind", text("lesson")), ("place", place(text("ok"), text("é 0"), text("m")))]),
        (
            "longPosition",
            vec![("kind", text("lesson")), ("place", place(text("ok"), text(&"z".repeat(5000)), text("m")))],
        ),
        (
            "badParent",
            vec![("kind", text("lesson")), ("place", place(Any::from(true), text("V"), text("m")))],
        ),
        ("shortPlace", vec![("kind", text("lesson")), ("place", Any::from(vec![text("ok")]))]),
        ("textPlace", vec![("kind", text("lesson")), ("place", text("ok"))]),
        (
            "badDel",
            vec![
                ("kind", text("lesson")),
                ("place", place(text("ok"), text("V"), text("m"))),
                ("del", text("m")),
            ],
        ),
        (
            "badSeen",
            vec![
                ("kind", text("lesson")),
                ("place", place(text("ok"), text("W"), text("m"))),
                ("del", place(text("m"), text("?"), text("t"))),
            ],
        ),
        ("rootLesson", vec![("kind", text("lesson")), ("place", place(Any::Null, text("V"), text("m")))]),
    ];
    let shown_ids = cases.iter().map(|(name, _)| *name).filter(|name| !["nothing", "newer"].contains(name));
    let expected: Vec<&str> = shown_ids.collect();
    for (name, fields) in &cases {
        nodes.insert(
            &mut txn,
            *name,
            MapPrelim::from_iter(fields.iter().map(|(key, value)| (*key, value.clone()))),
        );
    }
    let update = txn.encode_state_as_update_v1(&Default::default());
    drop(txn);

    index(schema::COURSE_ROOTS).add(&update).unwrap();
    let mut outline = Outline::load(1, &update).unwrap();
    let view = outline.view().unwrap();
    assert_eq!(view.title, "");
    let mut shown: Vec<&str> = [&view.nodes, &view.recovered, &view.trash]
        .iter()
        .flat_map(|list| flat(list))
        .map(|node| node.id.as_str())
        .collect();
    shown.sort_unstable();
    let mut sorted = expected.clone();
    sorted.sort_unstable();
    assert_eq!(shown, sorted);
    assert_eq!(view.nodes.len(), 1, "{view:?}");
    assert_eq!(crate::peers::ids(&view.trash), ["badSeen"]);
    assert_eq!(
        outline.trashed_seen().unwrap(),
        [(id("badSeen"), vec![])],
        "nothing seen: any content revives it"
    );

    // What stands under Recovered can be put back, trashed and restored; the rest stays as it is.
    let mut random = seeded(3);
    for name in ["noPlace", "badPosition", "badParent", "rootLesson", "inNewer"] {
        outline.trash(&mut random, &id(name), &|_| Some(vec![0])).unwrap().unwrap();
        assert!(crate::peers::ids(&outline.view().unwrap().trash).contains(&name), "{name}");
        outline.restore(&id(name)).unwrap().unwrap();
        outline.move_node(&mut random, &id(name), Some(&id("ok")), None).unwrap().unwrap();
    }
    outline.move_node(&mut random, &id("cycleA"), Some(&id("ok")), None).unwrap().unwrap();
    outline.add(&mut random, NodeKind::Lesson, Some(&id("cycleA")), None, "", id("fresh")).unwrap();
    assert!(
        outline.add(&mut random, NodeKind::Chapter, None, None, "", id("number")).is_err(),
        "the id is taken"
    );
    let after = Doc::new();
    let kept = after.get_or_insert_map("nodes");
    after.transact_mut().apply_update(Update::decode_v1(&outline.encode().unwrap()).unwrap()).unwrap();
    let kept = kept.to_json(&after.transact());
    let before = doc.get_or_insert_map("nodes").to_json(&doc.transact());
    let (Any::Map(kept), Any::Map(before)) = (kept, before) else { panic!() };
    for name in ["number", "../path", "list", "nothing", "newer", "longPosition", "textPlace", "badDel"] {
        assert_eq!(kept.get(name), before.get(name), "{name}");
    }
}

#[test]
fn roots_of_a_newer_app_are_kept_and_passed_on_unread() {
    let doc = Doc::with_client_id(5);
    let mut txn = doc.transact_mut();
    txn.get_or_insert_text("future");
    yrs::Text::push(&txn.get_or_insert_text("future"), &mut txn, "😀 later");
    txn.get_or_insert_array("more").push_back(&mut txn, 1);
    let update = txn.encode_state_as_update_v1(&Default::default());
    drop(txn);
    let mut outline = Outline::new(1);
    outline.apply(&update).unwrap();
    outline.set_title("mine").unwrap();
    let _ = outline.view().unwrap();

    let other = Doc::new();
    let (text, array) = (other.get_or_insert_text("future"), other.get_or_insert_array("more"));
    other.transact_mut().apply_update(Update::decode_v1(&outline.encode().unwrap()).unwrap()).unwrap();
    assert_eq!(yrs::GetString::get_string(&text, &other.transact()), "😀 later");
    assert_eq!(array.len(&other.transact()), 1);
}

#[test]
fn a_reader_at_any_state_vector_gets_what_it_lacks() {
    let honest = honest();
    let mut source = Lesson::new(1);
    let mut vectors = vec![source.state_vector().unwrap()];
    for update in &honest {
        source.apply(update).unwrap();
        vectors.push(source.state_vector().unwrap());
    }
    for (known, vector) in vectors.iter().enumerate() {
        let mut reader = Lesson::new(2);
        for update in &honest[..known] {
            reader.apply(update).unwrap();
        }
        reader.apply(&source.diff(vector).unwrap()).unwrap();
        assert_eq!(reader.body().unwrap(), source.body().unwrap());
    }
}
