//! Which two spellings of true and false a whole column of texts keeps.

/// The pairs that are looked for, true first. Every word occurs in one pair only, so that one spelling is enough to
/// tell the pair.
const PAIRS: [(&str, &str); 13] = [
    ("t", "f"),
    ("T", "F"),
    ("true", "false"),
    ("TRUE", "FALSE"),
    ("True", "False"),
    ("yes", "no"),
    ("YES", "NO"),
    ("Yes", "No"),
    ("y", "n"),
    ("Y", "N"),
    ("on", "off"),
    ("ON", "OFF"),
    ("On", "Off"),
];

/// Accumulates the texts of one column. Once no pair is possible, observing costs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct FlagVotes {
    impossible: bool,
    pair: Option<(&'static str, &'static str)>,
}

impl FlagVotes {
    /// Takes one more text of the column.
    #[inline]
    pub fn observe(&mut self, text: &[u8]) {
        let is_word = |(yes, no): &(&str, &str)| text == yes.as_bytes() || text == no.as_bytes();
        match &self.pair {
            _ if self.impossible => {}
            Some(pair) => self.impossible = !is_word(pair),
            None => {
                self.pair = PAIRS.iter().copied().find(is_word);
                self.impossible = self.pair.is_none();
            }
        }
    }

    /// Whether a pair is still possible.
    pub fn is_open(&self) -> bool {
        !self.impossible
    }

    /// Adds what another reader of the same column observed.
    pub fn merge(&mut self, other: &FlagVotes) {
        let differ = matches!((self.pair, other.pair), (Some(mine), Some(others)) if mine != others);
        self.impossible |= other.impossible || differ;
        self.pair = self.pair.or(other.pair);
    }

    /// The spellings of true and false, if there was a text and every text is one of them.
    pub fn pair(&self) -> Option<(&'static str, &'static str)> {
        self.pair.filter(|_| !self.impossible)
    }
}
