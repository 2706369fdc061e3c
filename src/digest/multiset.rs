//! The digest of a set of rows in which the order does not matter and the multiplicity does (semantics.md §6.3).
//!
//! A sum mod 2^256 and not an exclusive or, in which two equal rows cancel, nor a sum in small lanes, in which 65536
//! equal rows do.

use super::hash::RowHash;

/// How many rows there are, and the sum of their hashes mod 2^256. The default is the digest of no row.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct MultisetDigest {
    rows: u64,
    /// four limbs, the least significant first
    sum: [u64; 4],
}

impl MultisetDigest {
    /// Adds one row.
    pub fn add(&mut self, hash: &RowHash) {
        let one = MultisetDigest { rows: 1, sum: limbs(hash.as_bytes()) };
        self.merge(&one);
    }

    /// Adds all rows of `other`, as of another chunk of the same table.
    pub fn merge(&mut self, other: &MultisetDigest) {
        self.rows = self.rows.wrapping_add(other.rows);
        let mut carry = false;
        for (limb, more) in self.sum.iter_mut().zip(other.sum) {
            let (partial, first) = limb.overflowing_add(more);
            let (total, second) = partial.overflowing_add(u64::from(carry));
            *limb = total;
            carry = first | second;
        }
    }

    /// Takes all rows of `other` away again: the exact inverse of `merge`, also where `other` was never added.
    pub fn subtract(&mut self, other: &MultisetDigest) {
        self.rows = self.rows.wrapping_sub(other.rows);
        let mut borrow = false;
        for (limb, less) in self.sum.iter_mut().zip(other.sum) {
            let (partial, first) = limb.overflowing_sub(less);
            let (rest, second) = partial.overflowing_sub(u64::from(borrow));
            *limb = rest;
            borrow = first | second;
        }
    }

    /// How many rows were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The stored form: the rows, then the sum, both big-endian.
    pub fn to_bytes(&self) -> [u8; 40] {
        let mut bytes = [0; 40];
        let words = [self.rows, self.sum[3], self.sum[2], self.sum[1], self.sum[0]];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// Reads the stored form back; `None` unless it is 40 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 40] = bytes.try_into().ok()?;
        let (rows, sum) = bytes.split_first_chunk::<8>()?;
        Some(MultisetDigest { rows: u64::from_be_bytes(*rows), sum: limbs(sum.first_chunk()?) })
    }
}

/// A big-endian 256-bit number as limbs, the least significant first.
fn limbs(bytes: &[u8; 32]) -> [u64; 4] {
    let mut limbs = [0; 4];
    for (limb, word) in limbs.iter_mut().rev().zip(bytes.as_chunks().0) {
        *limb = u64::from_be_bytes(*word);
    }
    limbs
}

impl std::fmt::Display for MultisetDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.sum.iter().rev().try_for_each(|limb| write!(f, "{limb:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn digest(hashes: &[[u8; 32]]) -> MultisetDigest {
        let mut digest = MultisetDigest::default();
        hashes.iter().for_each(|hash| digest.add(&RowHash::from_bytes(*hash)));
        digest
    }

    /// A number with `low` in its last byte and `high` in its first.
    fn number(high: u8, low: u8) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[0] = high;
        bytes[31] = low;
        bytes
    }

    #[test]
    fn the_sum_carries_through_all_limbs_and_wraps() {
        let sum = digest(&[[0xff; 32], number(0, 1)]);
        assert_eq!(sum.to_string(), "0".repeat(64));
        assert_eq!(sum.rows(), 2);
        let mut below = [0xff; 32];
        below[..8].fill(0);
        let sum = digest(&[below, number(0, 1)]);
        assert_eq!(sum.to_string(), format!("{:016x}{}", 1, "0".repeat(48)));
        assert_eq!(
            digest(&[number(0x80, 3), number(0x01, 4)]).to_string(),
            format!("81{}07", "0".repeat(60))
        );
    }

    #[test]
    fn the_stored_form_is_rows_then_sum() {
        let bytes = digest(&[number(0x12, 0x34)]).to_bytes();
        assert_eq!(bytes[..8], [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(bytes[8..], number(0x12, 0x34));
        assert_eq!(MultisetDigest::from_bytes(&bytes[..39]), None);
        assert_eq!(MultisetDigest::from_bytes(&[0; 41]), None);
    }

    #[test]
    fn one_of_many_equal_rows_missing_is_seen() {
        let hash = RowHash::from_bytes(*blake3::hash(b"the same row").as_bytes());
        for count in [2, 65536, 131_072] {
            let mut all = MultisetDigest::default();
            (0..count).for_each(|_| all.add(&hash));
            let mut fewer = all;
            fewer.subtract(&digest(&[*hash.as_bytes()]));
            assert_ne!(all, fewer);
            assert_ne!(all.to_string(), fewer.to_string());
            assert_ne!(all.to_string(), MultisetDigest::default().to_string());
            assert_eq!(fewer.rows(), count - 1);
        }
    }

    proptest! {
        #[test]
        fn order_does_not_matter(hashes in prop::collection::vec(any::<[u8; 32]>(), 0..20), turn in 0usize..20) {
            let mut turned = hashes.clone();
            turned.reverse();
            if !turned.is_empty() {
                let by = turn % turned.len();
                turned.rotate_left(by);
            }
            prop_assert_eq!(digest(&hashes), digest(&turned));
        }

        #[test]
        fn merging_is_adding_and_subtracting_undoes_it(
            left in prop::collection::vec(any::<[u8; 32]>(), 0..10),
            right in prop::collection::vec(any::<[u8; 32]>(), 0..10),
        ) {
            let mut merged = digest(&left);
            merged.merge(&digest(&right));
            prop_assert_eq!(merged, digest(&[left.clone(), right.clone()].concat()));
            prop_assert_eq!(MultisetDigest::from_bytes(&merged.to_bytes()), Some(merged));
            merged.subtract(&digest(&right));
            prop_assert_eq!(merged, digest(&left));
            merged.subtract(&digest(&left));
            prop_assert_eq!(merged, MultisetDigest::default());
        }
    }
}
