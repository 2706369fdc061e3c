//! The rows of a `COPY … TO STDOUT (FORMAT binary)` stream, as it arrives (PostgreSQL manual, "COPY", Binary Format).
//!
//! The server sends one row a message, so a row is nearly always handed on as slices of what was fed. Only a row that
//! is cut is gathered: no more than that is ever held, whatever length a field claims to have.

/// What every binary COPY stream begins with.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags, and the length of the header extension.
const HEADER_BYTES: usize = 19;
/// Flags that a reader must know; of them only "has OIDs" was ever defined, and no server since 12 sends it.
const CRITICAL_FLAGS: u32 = 0xffff_0000;
/// A gathered row above this is not kept as a buffer for the next one.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Why a stream is not a binary COPY of the columns that were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TupleError {
    /// it does not begin with the signature
    Signature,
    /// the header has flags that change the format
    Flags(u32),
    /// the header's extension has a negative length
    Extension(i32),
    /// a row has another number of columns than the plan
    Columns {
        /// as planned
        expected: usize,
        /// as received
        found: i16,
    },
    /// a field has a length below −1
    Length(i32),
    /// bytes after the trailer
    AfterTrailer,
    /// the stream ended before its trailer
    Unfinished,
}

impl std::fmt::Display for TupleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the server's COPY stream ")?;
        match self {
            TupleError::Signature => f.write_str("is not in binary format"),
            TupleError::Flags(flags) => write!(f, "has header flags {flags:#010x}, which we do not know"),
            TupleError::Extension(length) => write!(f, "has a header extension of {length} bytes"),
            TupleError::Columns { expected, found } => {
                write!(f, "has a row of {found} columns instead of {expected}")
            }
            TupleError::Length(length) => write!(f, "has a field of {length} bytes"),
            TupleError::AfterTrailer => f.write_str("goes on after its trailer"),
            TupleError::Unfinished => f.write_str("ends before its trailer"),
        }
    }
}

impl std::error::Error for TupleError {}

/// Where a field is: start and end, or NULL.
type Span = Option<(usize, usize)>;

/// The fields of one row.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Fields<'a> {
    /// How many columns the row has.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// True for a row without columns.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The field of one column; `None` for NULL, and for a column that there is not.
    pub fn get(&self, column: usize) -> Option<&'a [u8]> {
        self.spans.get(column).and_then(|span| self.field(span))
    }

    /// The fields in column order, `None` for NULL.
    pub fn iter(&self) -> impl Iterator<Item = Option<&'a [u8]>> + '_ {
        self.spans.iter().map(|span| self.field(span))
    }

    fn field(&self, span: &Span) -> Option<&'a [u8]> {
        span.and_then(|(start, end)| self.bytes.get(start..end))
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    Header,
    /// bytes of the header extension still to be skipped
    Extension(usize),
    Rows,
    Done,
    Failed(TupleError),
}

/// Reads one stream: [`TupleReader::feed`] what arrives, then [`TupleReader::finish`].
#[derive(Debug)]
pub struct TupleReader {
    state: State,
    walk: Walk,
    /// the header or the row that is cut
    pending: Vec<u8>,
    rows: u64,
}

impl TupleReader {
    /// A reader for rows of `columns` columns.
    pub fn new(columns: usize) -> TupleReader {
        let walk = Walk { columns, started: false, at: 0, spans: Vec::with_capacity(columns.min(1600)) };
        TupleReader { state: State::Header, walk, pending: Vec::new(), rows: 0 }
    }

    /// Takes the next bytes, cut anywhere, and calls `row` for each row that they complete.
    ///
    /// # Errors
    /// [`TupleError`] where the stream is not what was asked for; every later call gives the same error.
    pub fn feed(&mut self, bytes: &[u8], mut row: impl FnMut(&Fields<'_>)) -> Result<(), TupleError> {
        let result = self.consume(bytes, &mut row);
        if let Err(error) = result {
            self.state = State::Failed(error);
        }
        result
    }

    /// Ends the stream; gives the number of its rows.
    ///
    /// # Errors
    /// [`TupleError::Unfinished`] if the trailer has not come: rows may be missing.
    pub fn finish(&self) -> Result<u64, TupleError> {
        match self.state {
            State::Done => Ok(self.rows),
            State::Failed(error) => Err(error),
            State::Header | State::Extension(_) | State::Rows => Err(TupleError::Unfinished),
        }
    }

    fn consume(&mut self, mut bytes: &[u8], row: &mut impl FnMut(&Fields<'_>)) -> Result<(), TupleError> {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Header => self.header(bytes)?,
                State::Extension(left) => self.extension(bytes, left),
                State::Rows if self.pending.is_empty() => self.whole_row(bytes, row)?,
                State::Rows => self.cut_row(bytes, row)?,
                State::Done => return Err(TupleError::AfterTrailer),
                State::Failed(error) => return Err(error),
            };
        }
        match self.state {
            State::Failed(error) => Err(error),
            _ => Ok(()),
        }
    }

    fn header<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], TupleError> {
        let rest = gather(&mut self.pending, bytes, HEADER_BYTES);
        let known = self.pending.len().min(SIGNATURE.len());
        if self.pending.get(..known) != SIGNATURE.get(..known) {
            return Err(TupleError::Signature);
        }
        if let (Some(flags), Some(length)) = (word(&self.pending, 11), word(&self.pending, 15)) {
            let flags = flags as u32;
            if flags & CRITICAL_FLAGS != 0 {
                return Err(TupleError::Flags(flags));
            }
            let left = usize::try_from(length).map_err(|_| TupleError::Extension(length))?;
            self.state = State::Extension(left);
            self.pending.clear();
            if left == 0 {
                self.state = State::Rows;
            }
        }
        Ok(rest)
    }

    fn extension<'a>(&mut self, bytes: &'a [u8], left: usize) -> &'a [u8] {
        let skipped = left.min(bytes.len());
        self.state = if skipped == left { State::Rows } else { State::Extension(left - skipped) };
        bytes.get(skipped..).unwrap_or_default()
    }

    /// The usual case: a row that lies in `bytes` as a whole. Otherwise what there is of it is kept.
    fn whole_row<'a>(
        &mut self,
        bytes: &'a [u8],
        row: &mut impl FnMut(&Fields<'_>),
    ) -> Result<&'a [u8], TupleError> {
        match self.walk.on(bytes)? {
            Step::Row(end) => {
                row(&Fields { bytes, spans: &self.walk.spans });
                self.row_done();
                Ok(bytes.get(end..).unwrap_or_default())
            }
            Step::Trailer => {
                self.state = State::Done;
                Ok(bytes.get(2..).unwrap_or_default())
            }
            Step::Needs(_) => {
                self.pending.extend_from_slice(bytes);
                Ok(&[])
            }
        }
    }

    /// Goes on with a row that was cut, taking no more of `bytes` than belongs to it.
    fn cut_row<'a>(
        &mut self,
        mut bytes: &'a [u8],
        row: &mut impl FnMut(&Fields<'_>),
    ) -> Result<&'a [u8], TupleError> {
        loop {
            match self.walk.on(&self.pending)? {
                Step::Row(_) => {
                    row(&Fields { bytes: &self.pending, spans: &self.walk.spans });
                    self.row_done();
                    return Ok(bytes);
                }
                Step::Trailer => {
                    self.pending.clear();
                    self.state = State::Done;
                    return Ok(bytes);
                }
                Step::Needs(_) if bytes.is_empty() => return Ok(bytes),
                Step::Needs(length) => bytes = gather(&mut self.pending, bytes, length),
            }
        }
    }

    fn row_done(&mut self) {
        self.rows += 1;
        self.walk.started = false;
        self.walk.spans.clear();
        self.pending.clear();
        self.pending.shrink_to(KEPT_BYTES_MAX);
    }
}

/// Moves bytes to `pending` until it has `length`; gives the rest.
fn gather<'a>(pending: &mut Vec<u8>, bytes: &'a [u8], length: usize) -> &'a [u8] {
    let missing = length.saturating_sub(pending.len()).min(bytes.len());
    let (taken, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
    pending.extend_from_slice(taken);
    rest
}

/// How far the walk came.
enum Step {
    /// the row is whole and ends here
    Row(usize),
    /// no row but the two bytes of the trailer
    Trailer,
    /// so many bytes, from the row's first on, are needed to go on
    Needs(usize),
}

/// Finds the fields of one row; takes up where it stopped when more of the row is there.
#[derive(Debug)]
struct Walk {
    columns: usize,
    /// the column count has been read
    started: bool,
    /// where the next field's length is
    at: usize,
    spans: Vec<Span>,
}

impl Walk {
    fn on(&mut self, bytes: &[u8]) -> Result<Step, TupleError> {
        if !self.started {
            let Some(count) = bytes.first_chunk::<2>() else { return Ok(Step::Needs(2)) };
            let found = i16::from_be_bytes(*count);
            if found == -1 {
                return Ok(Step::Trailer);
            }
            if usize::try_from(found) != Ok(self.columns) {
                return Err(TupleError::Columns { expected: self.columns, found });
            }
            self.started = true;
            self.at = 2;
        }
        while self.spans.len() < self.columns {
            let start = self.at.saturating_add(4);
            let Some(length) = word(bytes, self.at) else { return Ok(Step::Needs(start)) };
            if length == -1 {
                self.spans.push(None);
                self.at = start;
                continue;
            }
            let length = usize::try_from(length).map_err(|_| TupleError::Length(length))?;
            let end = start.saturating_add(length);
            if bytes.len() < end {
                return Ok(Step::Needs(end));
            }
            self.spans.push(Some((start, end)));
            self.at = end;
        }
        Ok(Step::Row(self.at))
    }
}

fn word(bytes: &[u8], at: usize) -> Option<i32> {
    bytes.get(at..)?.first_chunk::<4>().map(|word| i32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests;
