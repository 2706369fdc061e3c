//! Changes of a file by chance: in its header, in the bytes of its pages, in the order of its pages, in its schema.

use super::schema;
use crate::support::dice::Dice;
use std::path::Path;

/// Writes the file with one or two changes; their names.
pub(super) fn write(path: &Path, base: &[u8], dice: &mut Dice) -> Vec<&'static str> {
    let mut bytes = base.to_vec();
    let count = 1 + dice.below(2);
    // The schema is changed first, by SQLite itself, which needs a whole file for that.
    let mut names = Vec::new();
    if dice.below(4) == 0 {
        std::fs::write(path, &bytes).expect("the file");
        schema::change(path, dice);
        bytes = std::fs::read(path).expect("the file");
        names.push("schema");
    }
    while names.len() < count as usize {
        names.push(change(&mut bytes, dice));
    }
    if dice.below(12) == 0 {
        // A log that is not this file's.
        let log: Vec<u8> = (0..dice.below(5000)).map(|_| dice.next() as u8).collect();
        std::fs::write(path.with_extension("db-wal"), log).expect("the log");
        names.push("log");
    }
    std::fs::write(path, bytes).expect("the file");
    names
}

/// Bytes of a page, as the header says.
fn page_size(bytes: &[u8]) -> usize {
    match bytes.get(16..18).map_or(4096, |at| usize::from(at[0]) << 8 | usize::from(at[1])) {
        1 => 65_536,
        size if size.is_power_of_two() && size >= 512 => size,
        _ => 4096,
    }
}

fn change(bytes: &mut Vec<u8>, dice: &mut Dice) -> &'static str {
    if bytes.len() < 1024 {
        return "nothing";
    }
    let size = page_size(bytes).min(bytes.len());
    let pages = bytes.len() / size;
    let page = dice.below(pages as u64) as usize * size;
    match dice.below(12) {
        0 => header(bytes, dice),
        1 => flip(bytes, dice, page, 12, "page header"),
        2 | 3 => flip(bytes, dice, page, size, "bit"),
        4 => swap(bytes, dice, page, size, pages),
        5 => fill(bytes, dice, page, size),
        6 => cut(bytes, dice, size, pages),
        7 | 8 => cell(bytes, dice, page, size),
        9 => pointer(bytes, dice, page, size, pages),
        10 => link(bytes, dice, page, pages),
        _ => free_list(bytes, dice, pages),
    }
}

/// A number that is likely to matter: nothing, everything, or a page's.
fn number(dice: &mut Dice, pages: usize) -> [u8; 4] {
    let number = match dice.below(6) {
        0 => 0,
        1 => u32::MAX,
        2 => 0x7fff_ffff,
        3 => dice.next() as u32,
        _ => dice.below(pages as u64 + 2) as u32,
    };
    number.to_be_bytes()
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + what.len()) {
        place.copy_from_slice(what);
    }
}

fn header(bytes: &mut [u8], dice: &mut Dice) -> &'static str {
    let at = 16 + dice.below(84) as usize;
    let value = *dice.pick(&[0, 1, 2, 3, 4, 0x7f, 0x80, 0xff, (dice.clone().next() & 0xff) as u8]);
    put(bytes, at, &[value]);
    "header"
}

fn flip(bytes: &mut [u8], dice: &mut Dice, page: usize, within: usize, name: &'static str) -> &'static str {
    for _ in 0..=dice.below(3) {
        let at = page + dice.below(within as u64) as usize;
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << dice.below(8);
        }
    }
    name
}

fn swap(bytes: &mut [u8], dice: &mut Dice, page: usize, size: usize, pages: usize) -> &'static str {
    let other = dice.below(pages as u64) as usize * size;
    for i in 0..size {
        bytes.swap(page + i, other + i);
    }
    "pages swapped"
}

fn fill(bytes: &mut [u8], dice: &mut Dice, page: usize, size: usize) -> &'static str {
    let from = if dice.below(2) == 0 { 0 } else { dice.below(size as u64) as usize };
    let value = *dice.pick(&[0, 0xff, 0x81]);
    // The first page keeps its header: without it nothing is read at all.
    let from = if page == 0 { from.max(100) } else { from };
    bytes[page + from..page + size].fill(value);
    "page filled"
}

fn cut(bytes: &mut Vec<u8>, dice: &mut Dice, size: usize, pages: usize) -> &'static str {
    match dice.below(3) {
        0 => bytes.truncate(dice.below(bytes.len() as u64) as usize),
        1 => {
            let left = 1 + dice.below(pages as u64) as usize;
            bytes.truncate(left * size);
            // The header agrees, so that only the b-trees tell.
            put(bytes, 28, &(left as u32).to_be_bytes());
        }
        _ => bytes.extend(std::iter::repeat_n(0x0d, size)),
    }
    "length"
}

/// The first bytes of a cell: its lengths and key as varints, then the header of its record.
fn cell(bytes: &mut [u8], dice: &mut Dice, page: usize, size: usize) -> &'static str {
    let start = if page == 0 { 100 } else { page };
    let array = start + if bytes.get(start).is_some_and(|kind| *kind < 8) { 12 } else { 8 };
    let cells = bytes.get(start + 3..start + 5).map_or(0, |at| u64::from(at[0]) << 8 | u64::from(at[1]));
    let slot = array + 2 * dice.below(cells.min(size as u64)) as usize;
    let at = bytes.get(slot..slot + 2).map_or(0, |at| usize::from(at[0]) << 8 | usize::from(at[1]));
    let at = page + at % size + dice.below(6) as usize;
    let varint: &[u8] = match dice.below(5) {
        0 => &[0x81, 0x00],
        1 => &[0xff; 9],
        2 => &[0x8f, 0xff, 0xff, 0xff, 0x7f],
        3 => &[0x00],
        _ => &[0x7f],
    };
    put(bytes, at, varint);
    "cell"
}

fn pointer(bytes: &mut [u8], dice: &mut Dice, page: usize, size: usize, pages: usize) -> &'static str {
    let start = if page == 0 { 100 } else { page };
    if dice.below(2) == 0 {
        put(bytes, start + 8, &number(dice, pages));
    } else {
        let at = start + 8 + 2 * dice.below(8) as usize;
        put(bytes, at, &(dice.below(size as u64) as u16).to_be_bytes());
    }
    "pointer"
}

/// The first bytes of a page: the next page of an overflow chain, an entry of a pointer map, a trunk of the free list.
fn link(bytes: &mut [u8], dice: &mut Dice, page: usize, pages: usize) -> &'static str {
    let at = if page == 0 { 100 } else { page };
    put(bytes, at + dice.below(2) as usize * 4, &number(dice, pages));
    "link"
}

fn free_list(bytes: &mut [u8], dice: &mut Dice, pages: usize) -> &'static str {
    let at = *dice.pick(&[28, 32, 36, 52, 64]);
    put(bytes, at, &number(dice, pages));
    "list of free pages"
}
