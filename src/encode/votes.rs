//! Which single template a whole column of texts keeps: what the profile asks, one text at a time (semantics.md §1.6).

use super::temporal::{Clock, Moment, parse_date};
use crate::plan::types::{Fraction, Template, TimeTemplate, Zone};

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

/// Accumulates the texts of one column. Once no date, no template and no time is possible, observing costs nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct TemplateVotes {
    observed: bool,
    not_date: bool,
    not_stamp: bool,
    common: Option<Common>,
    not_time: bool,
    times: Option<Times>,
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
        if !self.not_time {
            match Times::of(text) {
                Some(times) => self.agree_on_time(times),
                None => self.not_time = true,
            }
        }
    }

    /// Whether a date, a template or a time is still possible: if not, there is nothing more to observe.
    pub fn is_open(&self) -> bool {
        !(self.not_date && self.not_stamp && self.not_time)
    }

    /// Whether a date, or a date and time, is still possible.
    pub fn may_be_date(&self) -> bool {
        !(self.not_date && self.not_stamp)
    }

    /// Whether a time of day is still possible.
    pub fn may_be_time(&self) -> bool {
        !self.not_time
    }

    /// Adds what another reader of the same column observed.
    pub fn merge(&mut self, other: &TemplateVotes) {
        self.observed |= other.observed;
        self.not_date |= other.not_date;
        self.not_stamp |= other.not_stamp;
        if let Some(common) = other.common {
            self.agree(common);
        }
        self.not_time |= other.not_time;
        if let Some(times) = other.times {
            self.agree_on_time(times);
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

    /// The spelling of a time of day that every observed text keeps, if there was a text and such a spelling.
    pub fn time(&self) -> Option<TimeTemplate> {
        let times = self.times.filter(|_| !self.not_time)?;
        Some(TimeTemplate { seconds: times.seconds, fraction: narrowest(times.fractions)? })
    }

    fn agree_on_time(&mut self, other: Times) {
        let joined = self.times.map_or(Some(other), |mine| mine.join(other));
        self.not_time |= joined.is_none();
        self.times = joined;
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
        let fraction = narrowest(self.fractions)?;
        let zone = match self.zone.get(..self.zone_len)? {
            b"" => Zone::None,
            b"Z" => Zone::Z,
            text => Zone::Offset { text: std::str::from_utf8(text).ok()?.to_owned(), seconds: self.offset },
        };
        Some(Template { separator: char::from(self.separator), seconds: self.seconds, fraction, zone })
    }
}

/// What all times of day so far have in common.
#[derive(Debug, Clone, Copy)]
struct Times {
    seconds: bool,
    /// one bit for each of `FRACTIONS` that is still possible
    fractions: u16,
}

impl Times {
    fn of(text: &[u8]) -> Option<Times> {
        let clock = Clock::alone(text)?;
        let times = Times { seconds: clock.seconds, fractions: possible(&clock) };
        if times.fractions == 0 { None } else { Some(times) }
    }

    fn join(mut self, other: Times) -> Option<Times> {
        self.fractions &= other.fractions;
        if self.seconds == other.seconds && self.fractions != 0 { Some(self) } else { None }
    }
}

/// The narrowest fraction of those that are possible.
fn narrowest(fractions: u16) -> Option<Fraction> {
    FRACTIONS.get(fractions.trailing_zeros() as usize).copied()
}

/// The fractions that this one may be an example of.
fn possible(clock: &Clock) -> u16 {
    let bit = |(at, fraction): (usize, &Fraction)| u16::from(clock.may_be(*fraction)) << at;
    FRACTIONS.iter().enumerate().map(bit).fold(0, |bits, bit| bits | bit)
}
