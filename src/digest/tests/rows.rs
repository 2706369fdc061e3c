//! Rows padded, in batches, in chunks: the same hash as alone, and never the same for two rows.

use super::super::lanes::{LANES, PADDING, SHORT_ROW_BYTES_MAX};
use super::super::sink;
use super::*;

const TEXT_COLUMN: Mapping = Mapping { pg: PgType::Text, codec: Codec::Text };

/// A value that does not borrow, of the classes that canonical bytes keep apart.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Null,
    Integer(i64),
    Real(u64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Cell::Null => Null,
            Cell::Integer(integer) => Integer(*integer),
            Cell::Real(bits) => Real(f64::from_bits(*bits)),
            Cell::Text(text) => Text(text),
            Cell::Blob(bytes) => Blob(bytes),
        }
    }
}

/// What a row is hashed from, read from its first byte: the values that it came from.
fn read_back(mut message: &[u8]) -> Vec<Cell> {
    let mut cells = Vec::new();
    while let Some((tag, rest)) = message.split_first().filter(|(tag, _)| **tag != PADDING) {
        let word = |rest: &[u8]| u64::from_be_bytes(*rest.first_chunk().unwrap());
        let (cell, bytes) = match *tag {
            sink::NULL => (Cell::Null, 0),
            sink::INTEGER => (Cell::Integer(word(rest) as i64), 8),
            sink::REAL => (Cell::Real(word(rest)), 8),
            sink::TEXT => (Cell::Text(rest[8..][..word(rest) as usize].to_vec()), 8 + word(rest) as usize),
            sink::BLOB => (Cell::Blob(rest[8..][..word(rest) as usize].to_vec()), 8 + word(rest) as usize),
            tag => panic!("no value begins with {tag}"),
        };
        cells.push(cell);
        message = &rest[bytes..];
    }
    assert!(message.iter().all(|byte| *byte == PADDING));
    cells
}

fn message(row: &[Cell]) -> Vec<u8> {
    let (mut sink, mut scratch) = (Sink::new(KEY), Scratch::default());
    for cell in row {
        canonical::source_value(&mut sink, &mut scratch, cell.value(), &TEXT_COLUMN);
    }
    let padded = sink.short_row().map(<[[u8; 64]]>::as_flattened).map(<[u8]>::to_vec);
    padded.unwrap_or_else(|| sink.buffered().to_vec())
}

fn hash_of(row: &[Cell]) -> RowHash {
    let mut hasher = RowHasher::new(KEY);
    row.iter().for_each(|cell| hasher.source_value(cell.value(), &TEXT_COLUMN));
    hasher.finish()
}

/// Digests of the rows, each in the chunk of its number, by batches.
fn batched(rows: &[(Vec<Cell>, usize)], chunks: usize) -> Vec<MultisetDigest> {
    let mut digests = ChunkDigests::new(KEY, chunks);
    for (row, chunk) in rows {
        row.iter().for_each(|cell| digests.row().source_value(cell.value(), &TEXT_COLUMN));
        digests.end_row(*chunk);
    }
    digests.finish()
}

fn one_by_one(rows: &[(Vec<Cell>, usize)], chunks: usize) -> Vec<MultisetDigest> {
    let mut digests = vec![MultisetDigest::default(); chunks];
    rows.iter().for_each(|(row, chunk)| digests[*chunk].add(&hash_of(row)));
    digests
}

/// A BLOB that makes the canonical bytes so many.
fn of_length(length: usize) -> Vec<Cell> {
    vec![Cell::Blob((0..length - 9).map(|i| (i % 250) as u8).collect())]
}

#[test]
fn the_padding_is_no_tag() {
    let tags = [sink::NULL, sink::INTEGER, sink::REAL, sink::TEXT, sink::BLOB, sink::NUMBER, sink::INSTANT];
    let others = [sink::UUID, sink::JSON, sink::INTERVAL, sink::NETWORK, sink::UNDECODABLE];
    assert!(!tags.contains(&PADDING) && !others.contains(&PADDING));
}

#[test]
fn a_row_is_hashed_from_whole_blocks_or_is_long() {
    assert_eq!(message(&[]), [PADDING; 64]);
    for length in [9, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 1026, 2000, 5000] {
        let (row, message) = (of_length(length), message(&of_length(length)));
        let expected = if length > SHORT_ROW_BYTES_MAX { length } else { length.div_ceil(64) * 64 };
        assert_eq!(message.len(), expected);
        assert_eq!(hash_of(&row).as_bytes(), blake3::keyed_hash(&KEY, &message).as_bytes());
        assert_eq!(read_back(&message), row);
    }
}

/// Of every length up to 1100 bytes, so that every number of blocks fills up, and is left at every number of rows.
#[test]
fn rows_of_every_length_have_the_same_hash_in_a_batch() {
    let rows: Vec<(Vec<Cell>, usize)> =
        (9..1100).map(|length| (of_length(length), length % 3)).chain([(vec![], 1)]).collect();
    for left in 0..=LANES {
        assert_eq!(batched(&rows[left..], 3), one_by_one(&rows[left..], 3), "without {left}");
    }
    let mut turned = rows.clone();
    turned.reverse();
    assert_eq!(batched(&turned, 3), one_by_one(&rows, 3));
}

#[test]
fn large_rows_go_their_own_way_between_short_ones() {
    let lengths = [100, 70_000, 100, 65_536 + 9, 65_537 + 9, 9, 300_000, 1025, 64];
    let rows: Vec<(Vec<Cell>, usize)> = lengths.iter().map(|length| (of_length(*length), 0)).collect();
    assert_eq!(batched(&rows, 1), one_by_one(&rows, 1));
}

#[test]
fn a_chunk_beyond_the_last_is_the_last() {
    let mut digests = ChunkDigests::new(KEY, 0);
    digests.row().source_value(Integer(1), &TEXT_COLUMN);
    digests.end_row(7);
    let digests = digests.finish();
    assert_eq!((digests.len(), digests[0].rows()), (1, 1));
}

fn any_cell() -> impl Strategy<Value = Cell> {
    // Bytes that tags, lengths and the padding are made of.
    let byte = prop_oneof![Just(0u8), Just(3), Just(PADDING), Just(0xff), any::<u8>()];
    let of = move |lengths: std::ops::Range<usize>| prop::collection::vec(byte.clone(), lengths);
    let bytes = || prop_oneof![of(0..4), of(40..70), of(1000..1030)];
    prop_oneof![
        Just(Cell::Null),
        any::<i64>().prop_map(Cell::Integer),
        any::<u64>().prop_map(Cell::Real),
        bytes().prop_map(Cell::Text),
        bytes().prop_map(Cell::Blob),
    ]
}

fn any_row() -> impl Strategy<Value = Vec<Cell>> {
    prop::collection::vec(any_cell(), 0..6)
}

proptest! {
    #[test]
    fn a_message_gives_its_row_back(row in any_row()) {
        prop_assert_eq!(read_back(&message(&row)), row);
    }

    #[test]
    fn a_row_cut_or_lengthened_is_another(row in any_row(), more in any_cell()) {
        let longer: Vec<Cell> = row.iter().cloned().chain([more]).collect();
        prop_assert_ne!(hash_of(&longer), hash_of(&row));
    }
}

proptest! {
    // A case is many rows.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_batch_is_the_sum_of_its_rows(
        rows in prop::collection::vec((any_row(), 0usize..4), 0..60),
    ) {
        prop_assert_eq!(batched(&rows, 4), one_by_one(&rows, 4));
    }
}
