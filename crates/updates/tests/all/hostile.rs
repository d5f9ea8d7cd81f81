//! Inputs that broke somebody: measured on yrs, yjs or y-octo before this crate was written. Bytes in hex.

use inkhorn_updates::{Index, Invalid, Misplaced, Reason, Refused, RootType, Schema, StateVector, validate};
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, Map, OffsetKind, Options, ReadTxn, Transact, Update};

use crate::{hex, index};

fn reason(update: &str) -> Result<(), Reason> {
    // The index must say the same as the validator.
    let bytes = hex(update);
    let by_index = Index::default().add(&bytes);
    let result = validate(&bytes).map(|_| ()).map_err(|invalid| invalid.reason);
    if let Err(reason) = result {
        assert!(matches!(by_index, Err(Refused::Invalid(Invalid { reason: other, .. })) if other == reason));
    }
    result
}

fn with_root(root: RootType) -> Index {
    Index::new(Schema::new([("a", root)]))
}

#[test]
fn an_update_that_can_never_be_saved_again_is_refused() {
    let update = "0103071b0203440000000001031b787e0107010303070107024358595ac60700";
    assert_eq!(reason(update), Err(Reason::Kind));
}

#[test]
fn four_bytes_that_make_a_decoder_reserve_ten_gigabytes_are_refused() {
    assert_eq!(reason("8084af5f"), Err(Reason::Count));
}

#[test]
fn a_count_beyond_the_bytes_is_refused() {
    assert_eq!(reason("ffffffff0f"), Err(Reason::Count));
}

#[test]
fn a_forged_clock_cannot_silence_a_client() {
    let mut index = index();
    let forged = hex("01012a0100c0843d00");
    assert_eq!(index.add(&forged), Err(Refused::Gap { client: 42, have: 0, need: 1 }));
    // Client 42 goes on as if nothing had been.
    assert!(index.add(&[&[1, 1, 42, 0, 4, 1, 4][..], b"text", &[1, b'h', 0]].concat()).is_ok());
    assert_eq!(index.state_vector(), StateVector::from_iter([(42, 1)]));
}

#[test]
fn an_update_of_the_second_format_is_refused() {
    let update = "0002000202470a0800030008024c420e0304420e0b0400840181008401c400c62e276168656c6f726c642c2068c3a96c6c\
                  6f20f09f98802077c3b6726c6458595a626f6c64626f6c644103130344000101000104010900787e0107010303";
    assert!(reason(&update.replace(' ', "")).is_err());
}

#[test]
fn values_nested_so_deep_that_a_decoder_overflows_its_stack_are_refused() {
    let update = format!("010105000801016101{}7e00", "7501".repeat(10_000));
    assert_eq!(reason(&update), Err(Reason::Depth));
}

#[test]
fn elements_nested_so_deep_that_a_reader_overflows_its_stack_are_refused() {
    // Element `p` in the root, and 5,000 more, each in the one before.
    let mut update = vec![1];
    let number = |out: &mut Vec<u8>, value: u32| {
        if value >= 128 {
            out.extend([value as u8 | 0x80, (value >> 7) as u8]);
        } else {
            out.push(value as u8);
        }
    };
    number(&mut update, 5_000);
    update.extend([5, 0, 7, 1, 4]);
    update.extend(b"body");
    update.extend([3, 1, b'p']);
    for parent in 0..4_999 {
        update.extend([7, 0, 5]);
        number(&mut update, parent);
        update.extend([3, 1, b'p']);
    }
    update.push(0);
    assert!(validate(&update).is_ok());
    let refused = index().add(&update);
    assert!(
        matches!(refused, Err(Refused::Container { client: 5, reason: Misplaced::Nesting, .. })),
        "{refused:?}"
    );
}

#[test]
fn the_honest_resends_that_panic_a_merge_are_taken() {
    let item = hex("01010501080005000177017800");
    let gc = hex("0101050100010105010002");
    let mut index = with_root(RootType::Array);
    // The array that both speak of.
    index.add(&hex("01010500070101610000")).unwrap();
    for resend in "000000100110010011100".chars() {
        index.add(if resend == '1' { &item } else { &gc }).unwrap();
    }
    assert_eq!(index.state_vector().get(5), 2);
    assert!(index.delete_set().contains(5, 0) && index.delete_set().contains(5, 1));
}

#[test]
fn an_xml_hook_is_refused() {
    assert_eq!(reason("01010500070101780502686b00"), Err(Reason::Type));
}

#[test]
fn a_lone_surrogate_in_embedded_json_is_refused() {
    assert_eq!(reason("01010500050101740e7b2276223a225c7564383364227d00"), Err(Reason::Surrogate));
}

#[test]
fn content_json_is_refused() {
    assert_eq!(reason("0101050002010161020131013200"), Err(Reason::Kind));
}

#[test]
fn a_client_twice_in_the_structs_is_refused() {
    assert_eq!(reason("02010500040101740161010501840500016200"), Err(Reason::Client));
}

#[test]
fn a_client_twice_in_the_delete_set_is_refused() {
    assert_eq!(reason("00020501000105010201"), Err(Reason::Client));
}

#[test]
fn unsorted_deleted_ranges_are_refused() {
    assert_eq!(reason("0001050204010001"), Err(Reason::Ranges));
    // In order they are fine, but speak of ids that nobody knows.
    let sorted = hex("000105010201");
    assert!(validate(&sorted).is_ok());
    assert_eq!(index().add(&sorted), Err(Refused::UnknownReference { client: 5, clock: 2 }));
}

#[test]
fn info_bit_four_is_refused() {
    assert_eq!(reason("0101050014010174016100"), Err(Reason::Kind));
}

#[test]
fn minus_zero_is_taken_and_is_no_other_content_than_zero() {
    let mut index = with_root(RootType::Array);
    index.add(&hex("010105000801016101 7d4000".replace(' ', "").as_str())).unwrap();
    assert!(index.add(&hex("0101050008010161017d0000")).unwrap().is_noop);
}

#[test]
fn text_in_an_array_at_which_a_reader_hangs_is_refused() {
    let update = hex("010105000401016104f09f988000");
    assert!(validate(&update).is_ok());
    for root in [RootType::Array, RootType::Map, RootType::Xml] {
        let refused = with_root(root).add(&update);
        let reason = Misplaced::Kind;
        assert_eq!(refused, Err(Refused::Container { client: 5, clock: 0, reason }));
    }
    assert!(with_root(RootType::Text).add(&update).is_ok());
    // A root that nobody reads may hold anything.
    assert!(index().add(&update).is_ok());
}

#[test]
fn proto_as_a_key_is_refused() {
    let proto = "5f5f70726f746f5f5f";
    for update in [
        format!("0101050028010161 09{proto} 017e00"),
        format!("010105000801016101 7601 09{proto} 7e00"),
        format!("0101050006010161 09{proto} 04 6e756c6c 00"),
        format!("01010500050101610f 7b22{proto}223a317d 00"),
        format!("010105000801 09{proto} 017e00"),
    ] {
        assert_eq!(reason(&update.replace(' ', "")), Err(Reason::Proto), "{update}");
    }
}

#[test]
fn longer_forms_empty_structs_great_clocks_and_bytes_left_over_are_refused() {
    assert_eq!(reason("0180"), Err(Reason::Truncated));
    assert_eq!(reason("01018500 00 0100".replace(' ', "").as_str()), Err(Reason::Number));
    assert_eq!(reason("010105000000"), Err(Reason::Empty));
    assert_eq!(reason("01010500040101610000"), Err(Reason::Empty));
    assert_eq!(reason("01000500"), Err(Reason::Empty));
    assert_eq!(reason("0101050100ffffffff0700"), Err(Reason::Clock));
    assert_eq!(reason("010105ffffffff07000100"), Err(Reason::Clock));
    assert_eq!(reason("000000"), Err(Reason::Trailing));
    assert_eq!(reason("00"), Err(Reason::Truncated));
    assert_eq!(reason(""), Err(Reason::Truncated));
}

#[test]
fn ids_that_refer_to_each_other_in_a_circle_are_refused() {
    // (1,0) has the origin (2,0), which has the origin (1,0): each waits for the other for ever.
    let update = hex("02010200840100016101010084020001620 0".replace(' ', "").as_str());
    assert!(validate(&update).is_ok());
    assert!(matches!(index().add(&update), Err(Refused::UnknownReference { .. })));
    // An origin in its own future.
    assert_eq!(
        index().add(&hex("010105008405050161 00".replace(' ', "").as_str())),
        Err(Refused::UnknownReference { client: 5, clock: 5 })
    );
}

const UNORDERED: [&str; 5] = [
    "010102002801016d0161017d0000",
    "01010300a80200017d010102010001",
    "010101002801016d0162017d0200",
    "010102012801016d0162017d0300",
    "01010202a80300017d040103010001",
];

#[test]
fn an_order_in_which_a_key_was_lost_loses_nothing() {
    let schema = || Schema::new([("m", RootType::Map)]);
    let mut ordered = Index::new(schema());
    for update in UNORDERED {
        ordered.add(&hex(update)).unwrap();
    }
    // What cannot be taken yet is refused, never kept; the sender comes again.
    let mut index = Index::new(schema());
    let mut waiting = vec![3, 2, 4, 1, 0];
    let mut refusals = 0;
    while !waiting.is_empty() {
        waiting.retain(|&number| match index.add(&hex(UNORDERED[number])) {
            Ok(_) => false,
            Err(Refused::Gap { .. } | Refused::UnknownReference { .. }) => {
                refusals += 1;
                true
            }
            Err(other) => panic!("{other}"),
        });
    }
    assert!(refusals > 0);
    assert_eq!(index.state_vector(), ordered.state_vector());
    let doc = Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::default() });
    let map = doc.get_or_insert_map("m");
    doc.transact_mut().apply_update(Update::decode_v1(&index.encode()).unwrap()).unwrap();
    assert!(map.get(&doc.transact(), "a").is_some());
}

#[test]
fn overlapping_updates_that_another_library_corrupts_give_the_text_once() {
    let update = |clock: u8, text: &str| {
        let mut bytes = vec![1, 1, 5, clock];
        if clock == 0 {
            bytes.extend([4, 1, 1, b'a']);
        } else {
            bytes.extend([0x84, 5, clock - 1]);
        }
        bytes.push(text.len() as u8);
        bytes.extend(text.as_bytes());
        bytes.push(0);
        bytes
    };
    let mut index = with_root(RootType::Text);
    assert_eq!(index.add(&update(0, "abc")).unwrap().new, [(5, 0, 3)]);
    let added = index.add(&update(0, "abcdef")).unwrap();
    assert_eq!(added.new, [(5, 3, 6)]);
    assert_eq!(added.part, Some(update(3, "def")));
    assert!(index.add(&update(2, "cdef")).unwrap().is_noop);
    let doc = Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::default() });
    let text = doc.get_or_insert_text("a");
    doc.transact_mut().apply_update(Update::decode_v1(&index.encode()).unwrap()).unwrap();
    assert_eq!(text.get_string(&doc.transact()), "abcdef");
    assert_eq!(doc.transact().state_vector().get(&yrs::block::ClientID::new(5)), 6);
}
