//! How small PostgreSQL's own compression makes a value: an index row that is too long as it is may fit compressed, and
//! only the same steps in the same order tell.

/// How far back a match may be: 12 bits.
const OFFSET_END: usize = 0x0fff;

/// Positions that are remembered.
const HISTORY: usize = 4096;

/// The longest match that one tag can say.
const MATCH_MAX: usize = 273;

/// Matches up to this take a tag of two bytes, longer ones three.
const SHORT_MATCH_MAX: usize = 17;

/// Shorter values are not compressed.
const INPUT_MIN: usize = 32;

/// Of so many bytes given out without any match, nothing comes.
const FIRST_MATCH_BY: usize = 1024;

/// A match that is good enough to look no further, and by how many hundredths that becomes less with each look.
const GOOD_MATCH: usize = 128;
const GOOD_DROP: usize = 10;

/// The bytes of `input` compressed by `pglz` with the server's default strategy; none where that does not save a quarter.
pub(super) fn compressed_bytes(input: &[u8]) -> Option<usize> {
    let most = input.len() * 75 / 100;
    let (mut size, mut items, mut at, mut has_matched) = (0, 0_usize, 0, false);
    let mut history = History::of(input);
    if input.len() < INPUT_MIN {
        return None;
    }
    while at < input.len() {
        if size >= most || (!has_matched && size >= FIRST_MATCH_BY) {
            return None;
        }
        // A byte of flags goes before every eight items.
        size += usize::from(items.is_multiple_of(8));
        items += 1;
        let length = history.longest_match(at);
        let (taken, bytes) = match length {
            ..=2 => (1, 1),
            3..=SHORT_MATCH_MAX => (length, 2),
            _ => (length, 3),
        };
        has_matched |= length > 2;
        size += bytes;
        (at..at + taken).for_each(|position| history.add(position));
        at += taken;
    }
    (size < most).then_some(size)
}

/// One remembered position, in a list of those with the same hash; entry 0 is none.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    next: usize,
    previous: usize,
    hash: usize,
    position: usize,
}

#[derive(Debug)]
struct History<'a> {
    input: &'a [u8],
    starts: Vec<usize>,
    entries: Vec<Entry>,
    next: usize,
    is_full: bool,
}

impl<'a> History<'a> {
    fn of(input: &'a [u8]) -> History<'a> {
        let hashes = match input.len() {
            ..128 => 512,
            128..256 => 1024,
            256..512 => 2048,
            512..1024 => 4096,
            _ => 8192,
        };
        let entries = vec![Entry::default(); HISTORY + 1];
        History { input, starts: vec![0; hashes], entries, next: 1, is_full: false }
    }

    /// Bytes are signed there.
    fn hash(&self, at: usize) -> usize {
        let byte = |i: usize| self.input.get(at + i).map_or(0, |byte| i32::from(byte.cast_signed()));
        let hash = match self.input.len() - at {
            ..4 => byte(0),
            _ => (byte(0) << 6) ^ (byte(1) << 4) ^ (byte(2) << 2) ^ byte(3),
        };
        hash.cast_unsigned() as usize & (self.starts.len() - 1)
    }

    fn longest_match(&self, at: usize) -> usize {
        let (mut longest, mut good) = (0, GOOD_MATCH);
        let mut entry = self.starts[self.hash(at)];
        while entry != 0 {
            let Entry { next, position, .. } = self.entries[entry];
            if at - position >= OFFSET_END {
                break;
            }
            longest = longest.max(self.match_length(position, at));
            entry = next;
            if entry != 0 {
                if longest >= good {
                    break;
                }
                good -= good * GOOD_DROP / 100;
            }
        }
        longest
    }

    fn match_length(&self, earlier: usize, at: usize) -> usize {
        let pairs = self.input[earlier..].iter().zip(&self.input[at..]).take(MATCH_MAX);
        pairs.take_while(|(a, b)| a == b).count()
    }

    fn add(&mut self, position: usize) {
        let (hash, this) = (self.hash(position), self.next);
        if self.is_full {
            let old = self.entries[this];
            match old.previous {
                0 => self.starts[old.hash] = old.next,
                previous => self.entries[previous].next = old.next,
            }
            if old.next != 0 {
                self.entries[old.next].previous = old.previous;
            }
        }
        let first = self.starts[hash];
        self.entries[this] = Entry { next: first, previous: 0, hash, position };
        if first != 0 {
            self.entries[first].previous = this;
        }
        self.starts[hash] = this;
        self.next += 1;
        if self.next > HISTORY {
            (self.next, self.is_full) = (1, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_becomes_small_and_noise_stays() {
        assert_eq!(compressed_bytes(&[b'x'; 31]), None, "too short");
        let repeated = compressed_bytes(&[b'x'; 4000]).unwrap();
        assert!((40..60).contains(&repeated), "{repeated}");
        let mut state = 1_u64;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        });
        let noise: Vec<u8> = noise.take(4000).collect();
        assert_eq!(compressed_bytes(&noise), None);
        let twice: Vec<u8> = noise[..900].iter().chain(&noise[..900]).copied().collect();
        assert!(compressed_bytes(&twice).is_some_and(|size| size < 1100));
    }
}
