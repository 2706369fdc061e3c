//! The hash of one row, and the keys and hashes beside it.

/// Separates our keys from every other use of BLAKE3's key derivation. A change of the canonical form changes this and
/// [`crate::plan::PLAN_FORMAT`], so that digests of another form are refused and not found to differ.
const ROW_CONTEXT: &str = "cutover 2026 row digest v2";

/// The hash of one row's message (`sink.rs`): 256 bits, read as one big-endian number where it is summed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowHash([u8; 32]);

impl RowHash {
    /// Takes a hash as it was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> RowHash {
        RowHash(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Display for RowHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for RowHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowHash({self})")
    }
}

/// The key under which the rows of one table are hashed: equal rows of two tables, or of one table read with a
/// different number of columns, have different hashes (semantics.md §6.2: `domain ‖ table id ‖ ncols`).
pub fn table_key(table: &str, columns: usize) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(ROW_CONTEXT);
    hasher.update(&(table.len() as u64).to_be_bytes());
    hasher.update(table.as_bytes());
    hasher.update(&(columns as u64).to_be_bytes());
    *hasher.finalize().as_bytes()
}

/// BLAKE3 of a file that is read piece by piece, as `b3sum` gives it.
#[derive(Debug, Default)]
pub struct FileHasher(blake3::Hasher);

impl FileHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// 64 hex digits.
    pub fn finish(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

/// BLAKE3 of a text in 64 hex digits: for the plan and for fingerprints, not for rows.
pub fn text_hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_separate_tables_and_widths() {
        let key = table_key("orders", 3);
        assert_eq!(key, table_key("orders", 3));
        assert_ne!(key, table_key("orders", 4));
        assert_ne!(key, table_key("order", 3));
        assert_ne!(key, table_key("Orders", 3));
    }

    #[test]
    fn a_text_hash_is_blake3() {
        // The test vector of the BLAKE3 paper's repository for the empty input.
        assert_eq!(text_hash(""), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
        assert_ne!(text_hash("a"), text_hash("b"));
    }
}
