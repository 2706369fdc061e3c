use super::*;
use proptest::prelude::*;

type Row = Vec<Option<Vec<u8>>>;

fn header() -> Vec<u8> {
    [b"PGCOPY\n\xff\r\n\0".as_slice(), &[0; 8]].concat()
}

fn stream(rows: &[Row]) -> Vec<u8> {
    let mut bytes = header();
    for row in rows {
        bytes.extend_from_slice(&(row.len() as i16).to_be_bytes());
        for field in row {
            let length = field.as_ref().map_or(-1, |field| field.len() as i32);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field.as_deref().unwrap_or_default());
        }
    }
    bytes.extend_from_slice(&[0xff, 0xff]);
    bytes
}

fn read(columns: usize, pieces: &[&[u8]]) -> Result<Vec<Row>, TupleError> {
    let mut reader = TupleReader::new(columns);
    let mut rows = Vec::new();
    for piece in pieces {
        reader.feed(piece, |row| rows.push(row.iter().map(|field| field.map(<[u8]>::to_vec)).collect()))?;
    }
    assert_eq!(reader.finish()?, rows.len() as u64);
    Ok(rows)
}

#[test]
fn a_stream_by_hand() {
    let mut bytes = header();
    bytes.extend_from_slice(b"\0\x02\0\0\0\x01x\xff\xff\xff\xff");
    bytes.extend_from_slice(b"\0\x02\0\0\0\0\0\0\0\x02yz\xff\xff");
    let expected = vec![vec![Some(b"x".to_vec()), None], vec![Some(vec![]), Some(b"yz".to_vec())]];
    assert_eq!(read(2, &[&bytes]), Ok(expected));
    assert_eq!(read(0, &[&stream(&[vec![], vec![]])]), Ok(vec![vec![], vec![]]));
}

#[test]
fn a_row_is_handed_on_without_a_copy() {
    let mut reader = TupleReader::new(1);
    reader.feed(&header(), |_| panic!("no row yet")).unwrap();
    let message = b"\0\x01\0\0\0\x03abc";
    let mut seen = None;
    reader
        .feed(message, |row| {
            seen = row.get(0).map(<[u8]>::as_ptr);
            assert_eq!((row.len(), row.is_empty(), row.get(1)), (1, false, None));
        })
        .unwrap();
    assert_eq!(seen, Some(message[6..].as_ptr()));
    assert_eq!(reader.finish(), Err(TupleError::Unfinished));
}

#[test]
fn a_header_extension_is_skipped() {
    let mut bytes = stream(&[vec![None]]);
    bytes[18] = 3;
    bytes.splice(19..19, *b"ext");
    bytes[14] = 1;
    for cut in 0..bytes.len() {
        assert_eq!(read(1, &[&bytes[..cut], &bytes[cut..]]), Ok(vec![vec![None]]), "cut at {cut}");
    }
}

#[test]
fn streams_that_are_refused() {
    let good = stream(&[vec![Some(b"ab".to_vec())]]);
    let with = |place: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[place] = byte;
        bytes
    };
    let cases = [
        (with(3, b'p'), TupleError::Signature),
        (b"1\tab\n".to_vec(), TupleError::Signature),
        (with(12, 1), TupleError::Flags(0x0001_0000)),
        (with(15, 0x80), TupleError::Extension(i32::MIN)),
        (with(20, 2), TupleError::Columns { expected: 1, found: 2 }),
        (with(19, 0x80), TupleError::Columns { expected: 1, found: -32767 }),
        (with(21, 0xff), TupleError::Length(-16_777_214)),
        ([good.as_slice(), &[0]].concat(), TupleError::AfterTrailer),
        (good[..good.len() - 1].to_vec(), TupleError::Unfinished),
        (good[..good.len() - 2].to_vec(), TupleError::Unfinished),
        (good[..good.len() - 3].to_vec(), TupleError::Unfinished),
        (header(), TupleError::Unfinished),
        (vec![], TupleError::Unfinished),
    ];
    for (bytes, error) in cases {
        assert_eq!(read(1, &[&bytes]), Err(error), "{bytes:?}");
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(1, &pieces), Err(error), "{bytes:?}, byte by byte");
    }
}

#[test]
fn an_error_stays() {
    let mut reader = TupleReader::new(1);
    assert_eq!(reader.feed(b"x", |_| {}), Err(TupleError::Signature));
    for bytes in [b"".as_slice(), &header()] {
        assert_eq!(reader.feed(bytes, |_| {}), Err(TupleError::Signature));
    }
    assert_eq!(reader.finish(), Err(TupleError::Signature));
    assert_eq!(
        TupleError::Columns { expected: 2, found: 3 }.to_string(),
        "the server's COPY stream has a row of 3 columns instead of 2"
    );
}

#[test]
fn a_claimed_length_takes_no_memory() {
    let mut reader = TupleReader::new(1);
    reader.feed(&header(), |_| {}).unwrap();
    reader.feed(b"\0\x01\x7f\xff\xff\xffabc", |_| {}).unwrap();
    assert!(reader.pending.capacity() < 1024);
}

#[test]
fn only_the_unfinished_row_is_held() {
    let row = vec![Some(vec![7; 3 << 20])];
    let bytes = stream(&[row.clone(), row.clone()]);
    let pieces: Vec<&[u8]> = bytes.chunks(8192).collect();
    assert_eq!(read(1, &pieces), Ok(vec![row.clone(), row]));
    let mut reader = TupleReader::new(1);
    pieces.iter().for_each(|piece| reader.feed(piece, |_| {}).unwrap());
    assert!(reader.pending.capacity() <= KEPT_BYTES_MAX);
}

fn rows(columns: usize) -> impl Strategy<Value = Vec<Row>> {
    let field = prop::option::of(prop::collection::vec(any::<u8>(), 0..12));
    prop::collection::vec(prop::collection::vec(field, columns), 0..8)
}

proptest! {
    #[test]
    fn any_split_gives_the_same_rows(
        rows in (0usize..5).prop_flat_map(rows),
        cuts in prop::collection::vec(0usize..1000, 0..30),
    ) {
        let columns = rows.first().map_or(1, Vec::len);
        let bytes = stream(&rows);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        prop_assert_eq!(read(columns, &pieces), Ok(rows));
    }

    #[test]
    fn no_bytes_panic(
        noise in prop::collection::vec(prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255), any::<u8>()], 0..30), 0..6),
        columns in 0usize..4,
        begun: bool,
    ) {
        let mut reader = TupleReader::new(columns);
        if begun {
            reader.feed(&header(), |_| {}).unwrap();
        }
        for piece in noise {
            let _ = reader.feed(&piece, |row| assert_eq!(row.iter().count(), columns));
        }
        let _ = reader.finish();
    }
}
