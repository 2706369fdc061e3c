//! Binary COPY: the rows do not depend on where the stream is cut, and are those that a plain reading finds.

use cutover::digest::{TupleError, TupleReader};

const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

type Row = Vec<Option<Vec<u8>>>;
type Read = (Vec<Row>, Result<u64, TupleError>);

/// The first byte: how many columns, and in its top bit whether a header goes before the bytes. The second: where the
/// stream is cut.
pub fn run(data: &[u8]) {
    let [shape, cuts, rest @ ..] = data else { return };
    let columns = usize::from(shape & 7);
    let mut stream = if shape & 0x80 == 0 { HEADER.to_vec() } else { Vec::new() };
    stream.extend_from_slice(rest);
    let whole = read(columns, [&stream[..]].into_iter());
    assert_eq!(read(columns, stream.chunks(1)), whole, "byte by byte");
    assert_eq!(read(columns, stream.chunks(usize::from(*cuts).max(2))), whole, "in pieces of {cuts}");
    assert_eq!(read(columns, uneven(&stream, *cuts).into_iter()), whole, "in uneven pieces");
    if whole.1.is_ok() {
        assert_eq!(Ok(whole.0), plainly(columns, &stream).map_err(|()| "the plain reading refuses it"));
    } else {
        assert_eq!(plainly(columns, &stream), Err(()), "refused for {:?}", whole.1);
    }
}

/// Pieces of one byte to many, an empty one among them.
fn uneven(stream: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut pieces: Vec<&[u8]> = Vec::new();
    let mut rest = stream;
    let mut state = u32::from(seed) | 1;
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (now, later) = rest.split_at((state as usize >> 24).min(rest.len()));
        pieces.push(now);
        rest = later;
    }
    pieces
}

fn read<'a>(columns: usize, pieces: impl Iterator<Item = &'a [u8]>) -> Read {
    let mut reader = TupleReader::new(columns);
    let mut rows: Vec<Row> = Vec::new();
    for piece in pieces {
        let fed = reader.feed(piece, |fields| {
            assert_eq!(fields.len(), columns);
            let row: Row = fields.iter().map(|field| field.map(<[u8]>::to_vec)).collect();
            let again: Row = (0..columns).map(|at| fields.get(at).map(<[u8]>::to_vec)).collect();
            assert_eq!(row, again);
            rows.push(row);
        });
        if let Err(error) = fed {
            assert_eq!(reader.feed(b"more", |_| panic!("a row after an error")), Err(error));
            assert_eq!(reader.finish(), Err(error));
            break;
        }
    }
    let end = reader.finish();
    if let Ok(count) = end {
        assert_eq!(count, rows.len() as u64);
    }
    (rows, end)
}

/// The format as the manual has it, over the whole stream at once.
fn plainly(columns: usize, stream: &[u8]) -> Result<Vec<Row>, ()> {
    let mut left = stream;
    if take(&mut left, 11)? != &HEADER[..11] || word(&mut left)?.cast_unsigned() & 0xffff_0000 != 0 {
        return Err(());
    }
    let extension = usize::try_from(word(&mut left)?).map_err(drop)?;
    take(&mut left, extension)?;
    let mut rows = Vec::new();
    loop {
        let count = take(&mut left, 2)?;
        match i16::from_be_bytes([count[0], count[1]]) {
            -1 if left.is_empty() => return Ok(rows),
            count if usize::try_from(count) == Ok(columns) => {
                rows.push((0..columns).map(|_| cell(&mut left)).collect::<Result<Row, ()>>()?);
            }
            _ => return Err(()),
        }
    }
}

fn cell(left: &mut &[u8]) -> Result<Option<Vec<u8>>, ()> {
    match word(left)? {
        -1 => Ok(None),
        length => Ok(Some(take(left, usize::try_from(length).map_err(drop)?)?.to_vec())),
    }
}

fn word(left: &mut &[u8]) -> Result<i32, ()> {
    take(left, 4).map(|bytes| i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

fn take<'a>(left: &mut &'a [u8], bytes: usize) -> Result<&'a [u8], ()> {
    let (taken, rest) = left.split_at_checked(bytes).ok_or(())?;
    *left = rest;
    Ok(taken)
}
