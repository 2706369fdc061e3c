//! How much of a report is shown: enough for an ordinary one as a whole, and of a huge one so much that it can be opened.

use crate::limits::{MARKDOWN_BYTES_MAX, PAGE_BYTES_MAX};

/// Longest lists and texts of a report that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Bounds {
    /// tables that are listed
    pub(super) tables: usize,
    /// columns that are listed, of all tables together
    pub(super) columns: usize,
    /// findings of one severity
    pub(super) findings: usize,
    /// objects of one kind
    pub(super) objects: usize,
    /// objects that were not carried
    pub(super) not_carried: usize,
    /// tables whose differences are listed
    pub(super) differing: usize,
    /// differing rows of one table
    pub(super) rows: usize,
    /// entries of a list that is not known here
    pub(super) extra: usize,
    /// characters of a name
    pub(in crate::report) name_chars: usize,
    /// characters of a sentence
    pub(in crate::report) text_chars: usize,
    /// characters of a statement
    pub(in crate::report) sql_chars: usize,
    /// bytes of the whole
    pub(in crate::report) bytes: usize,
}

impl Bounds {
    /// Of a page.
    pub(in crate::report) fn page() -> Bounds {
        Bounds {
            tables: 500,
            columns: 2_000,
            findings: 300,
            objects: 300,
            not_carried: 200,
            differing: 50,
            rows: 100,
            extra: 100,
            name_chars: 160,
            text_chars: 2_000,
            sql_chars: 4_000,
            bytes: PAGE_BYTES_MAX,
        }
    }

    /// Of a text for a pull request.
    pub(in crate::report) fn markdown() -> Bounds {
        Bounds {
            tables: 100,
            columns: 0,
            findings: 50,
            objects: 0,
            not_carried: 50,
            differing: 20,
            rows: 20,
            extra: 20,
            name_chars: 100,
            text_chars: 600,
            sql_chars: 1_000,
            bytes: MARKDOWN_BYTES_MAX,
        }
    }

    /// Half of everything, for a report that did not fit; at least one of each.
    pub(in crate::report) fn halved(&self) -> Bounds {
        let half = |n: usize| if n == 0 { 0 } else { (n / 2).max(1) };
        Bounds {
            tables: half(self.tables),
            columns: half(self.columns),
            findings: half(self.findings),
            objects: half(self.objects),
            not_carried: half(self.not_carried),
            differing: half(self.differing),
            rows: half(self.rows),
            extra: half(self.extra),
            name_chars: (self.name_chars / 2).max(24),
            text_chars: (self.text_chars / 2).max(80),
            sql_chars: (self.sql_chars / 2).max(80),
            bytes: self.bytes,
        }
    }

    /// What `draw` makes within the bounds: where it is too long, with less and less.
    ///
    /// # Errors
    /// Those of `draw`.
    pub(in crate::report) fn fit<E>(
        self,
        draw: impl Fn(&Bounds) -> std::result::Result<String, E>,
    ) -> std::result::Result<String, E> {
        let mut bounds = self;
        loop {
            let drawn = draw(&bounds)?;
            let smaller = bounds.halved();
            if drawn.len() <= bounds.bytes || smaller == bounds {
                return Ok(drawn);
            }
            bounds = smaller;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_drawn_with_less_until_there_is_nothing_to_leave_out() {
        let draw = |bounds: &Bounds| Ok::<_, ()>("x".repeat(bounds.tables * 100));
        let bounds = Bounds { bytes: 1_000, ..Bounds::page() };
        assert_eq!(bounds.fit(draw).unwrap().len(), 700);
        let bounds = Bounds { bytes: 1, ..Bounds::page() };
        assert_eq!(bounds.fit(draw).unwrap().len(), 100, "it ends");
        assert_eq!(Bounds::markdown().halved().columns, 0, "what is left out stays so");
    }
}
