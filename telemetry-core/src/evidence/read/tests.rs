//! Files from anywhere: whatever is in them, reading ends, and what was read can be shown.

use std::io::Cursor;

use proptest::prelude::*;

use super::super::bytes::{put_text, put_u32, put_u64};
use super::super::format::kind;
use super::*;

const CAPACITY: usize = 256;

/// A whole file: a header, the slots, and a log with a record of each kind.
fn file(slots: &[[u8; SLOT_BYTES]]) -> Vec<u8> {
    let header = Header {
        process_id: 7,
        capacity: CAPACITY as u64,
        started_unix_nanos: 1_000,
        anchor: 0x5000,
        alive_unix_nanos: 5_000_000_000,
        clean: false,
        slots_are_here: true,
        lost: 0,
        cause: None,
        last_panic: None,
    };
    let mut bytes = header.write();
    bytes.resize(SLOTS_AT as usize, 0);
    for index in 0..CAPACITY {
        bytes.extend(slots.get(index).unwrap_or(&[0; SLOT_BYTES]));
    }
    let mut process = Vec::new();
    for text in ["books", "1.0", "/bin/books"] {
        put_text(&mut process, text);
    }
    record(&mut bytes, kind::PROCESS, &process);
    let mut thread = Vec::new();
    put_u32(&mut thread, 3);
    put_u32(&mut thread, 77);
    put_text(&mut thread, "worker");
    record(&mut bytes, kind::THREAD, &thread);
    let mut line = Vec::new();
    put_u32(&mut line, 0);
    for part in [0, 1_000, 1 << 56] {
        put_u64(&mut line, part);
    }
    record(&mut bytes, kind::LINE, &line);
    let mut memory = Vec::new();
    put_u64(&mut memory, 0x4000);
    memory.extend([b'm'; 8_192]);
    record(&mut bytes, kind::MEMORY, &memory);
    bytes
}

fn record(out: &mut Vec<u8>, kind: u32, payload: &[u8]) {
    put_u32(out, kind);
    put_u32(out, payload.len() as u32);
    out.extend(payload);
    out.resize(out.len().next_multiple_of(8), 0);
}

/// The slot of an open span, with `bytes` for all that the span may have recorded.
fn open_slot(bytes: &[u8]) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..4].copy_from_slice(&3_u32.to_ne_bytes());
    slot[24..32].copy_from_slice(&9_u64.to_ne_bytes());
    slot[40..48].copy_from_slice(&5_u64.to_ne_bytes());
    slot[56..56 + bytes.len()].copy_from_slice(bytes);
    slot
}

/// Reads and shows; what comes of it may be an error.
fn read_and_show(bytes: Vec<u8>) -> Option<Report> {
    let report = read_from(Cursor::new(bytes)).ok()?;
    assert!(!report.to_string().is_empty());
    Some(report)
}

#[test]
fn a_file_by_the_rules_is_read() {
    let report = read_and_show(file(&[open_slot(&[])])).unwrap();
    assert_eq!((&*report.service, report.threads.len(), report.lost_records), ("books", 1, 0));
    let [span] = &report.open[..] else { panic!("{report}") };
    assert_eq!(span.thread.as_ref().unwrap().name.as_deref(), Some("worker"));
    assert_eq!((&*span.record.name, span.record.start_unix_nanos), ("‹unknown›", 1_005));
    assert_eq!(span.record.duration_nanos, 5_000_000_000 - 1_005);
}

#[test]
fn a_file_that_was_cut_gives_what_is_left_of_it() {
    let whole = file(&vec![open_slot(&[]); CAPACITY]);
    let slots_end = SLOTS_AT as usize + CAPACITY * SLOT_BYTES;
    for len in (0..whole.len()).step_by(1_001).chain([HEADER_BYTES, slots_end - 1, slots_end]) {
        match read_and_show(whole[..len].to_vec()) {
            Some(report) => {
                let left = len.saturating_sub(SLOTS_AT as usize) / SLOT_BYTES;
                assert_eq!(report.open.len(), left.min(CAPACITY), "{len}");
                assert_eq!(report.cut_short, left < CAPACITY, "{len}");
            }
            None => assert!(len < HEADER_BYTES, "{len}"),
        }
    }
}

#[test]
fn control_characters_are_shown_as_escapes() {
    let mut bytes = file(&[]);
    let at = bytes.windows(5).position(|window| window == b"books").unwrap();
    bytes[at..at + 5].copy_from_slice(b"\x1b[2J\n");
    let text = read_and_show(bytes).unwrap().to_string();
    assert!(text.starts_with("\\u{1b}[2J\\n 1.0, process 7: "), "{text}");
}

#[test]
fn one_long_text_for_all_spans_does_not_fill_the_memory() {
    let mut slot = open_slot(&[]);
    // A name of eight mebibytes, at the address where the log has them.
    slot[62..64].copy_from_slice(&(1_u16 << 8).to_ne_bytes());
    slot[64..72].copy_from_slice(&0x1_0000_u64.to_le_bytes());
    slot[72..80].copy_from_slice(&(8_u64 << 20).to_le_bytes());
    let mut bytes = file(&vec![slot; CAPACITY]);
    let mut memory = 0x1_0000_u64.to_le_bytes().to_vec();
    memory.resize(8 + (8 << 20), b'n');
    record(&mut bytes, kind::MEMORY, &memory);
    let report = read_from(Cursor::new(bytes)).unwrap();
    let whole = report.open.iter().filter(|span| span.record.name.len() == 8 << 20).count();
    assert_eq!((whole, report.open.len()), (32, CAPACITY));
    assert!(report.open.iter().any(|span| span.record.name.starts_with("‹text that is not")));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..5_000)) {
        read_and_show(bytes);
    }

    #[test]
    fn any_bytes_behind_a_good_header_are_read_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..50_000),
        at in 0..200_000_usize,
    ) {
        let mut whole = file(&[open_slot(&[]); 8]);
        let at = (HEADER_BYTES + at).min(whole.len());
        whole.truncate(at);
        whole.extend(bytes);
        read_and_show(whole);
    }

    #[test]
    fn any_contents_of_slots_are_read_without_a_panic(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 328), 1..20),
    ) {
        let slots: Vec<[u8; SLOT_BYTES]> = contents.iter().map(|bytes| open_slot(bytes)).collect();
        let report = read_and_show(file(&slots)).unwrap();
        prop_assert_eq!(report.open.len(), slots.len());
    }

    #[test]
    fn any_few_bytes_that_changed_are_read_without_a_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut whole = file(&[open_slot(&[0xff; 328]), open_slot(&[0x51; 328])]);
        // The header and the log are where a byte says most.
        let slots = SLOTS_AT as usize..SLOTS_AT as usize + CAPACITY * SLOT_BYTES;
        let log = whole.len() - slots.end;
        for (index, byte) in changes {
            let place = index.index(HEADER_BYTES + log);
            let place = if place < HEADER_BYTES { place } else { slots.end + place - HEADER_BYTES };
            whole[place] = byte;
        }
        let end = whole.len() - cut.index(log);
        read_and_show(whole[..end].to_vec());
    }
}
