//! splitmix64 (Steele, Lea, Flood 2014): the same bytes for the same seed, everywhere.

/// A deterministic source of everything.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `bound` − 1; the bias of the remainder does not matter here.
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        (self.next() >> 1).cast_signed() % bound
    }

    /// So many bytes, in place of what `out` held.
    pub(crate) fn fill(&mut self, out: &mut Vec<u8>, count: usize) {
        out.clear();
        while out.len() < count {
            out.extend_from_slice(&self.next().to_le_bytes());
        }
        out.truncate(count);
    }
}
