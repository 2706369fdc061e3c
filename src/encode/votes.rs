//! Which single template a whole column of texts keeps: what the profile asks, one text at a time (semantics.md §1.6).

use super::temporal::{Clock, Moment, parse_date};
use crate::plan::types::{Fraction, Template, Zone};

/// Every spelling of a fraction, the narrowest first: that is the one chosen where several fit.
const FRACTIONS: [Fraction; 9] = [
    Fraction::Fixed(0),
    Fraction::Fixed(1),
    Fraction::Fixed(2),
    Fraction::Fixed(3),
    Fraction::Fixed(4),
    Fraction::Fixed(5),
    Fraction::Fixed(6),
    Fraction::NoneOrSix,
    Fraction::Shortened,
];

/// The longest zone is ` +05:30`.
const ZONE_BYTES_MAX: usize = 7;

/// Accumulates the texts of one column. Once neither a date nor a template is possible, observing costs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct TemplateVotes {
    observed: bool,
    not_date: bool,
    not_stamp: bool,
    common: Option<Common>,
}

impl TemplateVotes {
    /// Takes one more text of the column.
    #[inline]
    pub fn observe(&mut self, text: &[u8]) {
        self.observed = true;
        if !self.not_date {
            self.not_date = parse_date(text).is_none();
        }
        if !self.not_stamp {
            match Common::of(text) {
                Some(common) => self.agree(common),
                None => self.not_stamp = true,
            }
        }
    }

    /// Whether a date or a template is still possible.
    pub fn is_open(&self) -> bool {
        !(self.not_date && self.not_stamp)
    }

    /// Adds what another reader of the same column observed.
    pub fn merge(&mut self, other: &TemplateVotes) {
        self.observed |= other.observed;
        self.not_date |= other.not_date;
        self.not_stamp |= other.not_stamp;
        if let Some(common) = other.common {
            self.agree(common);
        }
    }

    /// True if there was a text, and every one is a real date `YYYY-MM-DD`.
    pub fn date(&self) -> bool {
        self.observed && !self.not_date
    }

    /// The template that every observed text keeps, if there was a text and such a template.
    pub fn stamp(&self) -> Option<Template> {
        self.common.filter(|_| !self.not_stamp)?.template()
    }

    fn agree(&mut self, other: Common) {
        let joined = self.common.map_or(Some(other), |mine| mine.join(&other));
        self.not_stamp |= joined.is_none();
        self.common = joined;
    }
}

/// What all texts so far have in common.
#[derive(Debug, Clone, Copy)]
struct Common {
    separator: u8,
    seconds: bool,
    /// one bit for each of `FRACTIONS` that is still possible
    fractions: u16,
    zone: [u8; ZONE_BYTES_MAX],
    zone_len: usize,
    offset: i32,
}

impl Common {
    fn of(text: &[u8]) -> Option<Common> {
        let moment = Moment::parse(text)?;
        let mut zone = [0; ZONE_BYTES_MAX];
        zone.get_mut(..moment.zone.len())?.copy_from_slice(moment.zone);
        let fractions = possible(&moment.clock);
        let (separator, seconds) = (moment.separator, moment.clock.seconds);
        let common = Common {
            separator,
            seconds,
            fractions,
            zone,
            zone_len: moment.zone.len(),
            offset: moment.offset,
        };
        if fractions == 0 { None } else { Some(common) }
    }

    fn join(mut self, other: &Common) -> Option<Common> {
        self.fractions &= other.fractions;
        let same = self.separator == other.separator && self.seconds == other.seconds;
        let same_zone = self.zone == other.zone && self.zone_len == other.zone_len;
        if same && same_zone && self.fractions != 0 { Some(self) } else { None }
    }

    fn template(&self) -> Option<Template> {
        let fraction = *FRACTIONS.get(self.fractions.trailing_zeros() as usize)?;
        let zone = match self.zone.get(..self.zone_len)? {
            b"" => Zone::None,
            b"Z" => Zone::Z,
            text => Zone::Offset { text: std::str::from_utf8(text).ok()?.to_owned(), seconds: self.offset },
        };
        Some(Template { separator: char::from(self.separator), seconds: self.seconds, fraction, zone })
    }
}

/// The fractions that this one may be an example of.
fn possible(clock: &Clock) -> u16 {
    let bit = |(at, fraction): (usize, &Fraction)| u16::from(clock.may_be(*fraction)) << at;
    FRACTIONS.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit)
}
