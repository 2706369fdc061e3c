//! What the server says during a COPY, cut anywhere: the data in place, the few other messages gathered.

use super::super::fault::ServerError;
use super::cursor::Cursor;
pub use super::cursor::Malformed;
use crate::limits::ANSWER_BYTES_MAX;

/// A message that is not data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// a COPY may begin, in either direction
    Begins,
    /// a statement is done: how many rows its tag tells of, 0 where it tells of none
    Complete(u64),
    /// a statement failed, or the session ends
    Error(Box<ServerError>),
    /// the server waits for the next statement
    Ready,
}

/// One thing that was said.
#[derive(Debug, PartialEq, Eq)]
pub enum Told<'i> {
    /// bytes of a COPY's stream, cut anywhere
    Data(&'i [u8]),
    /// anything else
    Answer(Answer),
}

/// Reads what the server says. Memory: the body of one message that is not data, and of that no more than
/// [`ANSWER_BYTES_MAX`].
#[derive(Debug, Default)]
pub struct Answers {
    cursor: Cursor,
    body: Vec<u8>,
}

impl Answers {
    /// The next thing, taken off the front of `input`; none where more input is needed. Most notices, changed settings,
    /// notifications and rows of a query are passed over.
    ///
    /// # Errors
    /// [`Malformed`] where this is not the protocol, or not an answer to a COPY.
    #[inline]
    pub fn next<'i>(&mut self, input: &mut &'i [u8]) -> Result<Option<Told<'i>>, Malformed> {
        while let Some(piece) = self.cursor.next(input)? {
            match piece.tag {
                b'd' if piece.bytes.is_empty() => {}
                b'd' => return Ok(Some(Told::Data(piece.bytes))),
                // Asynchronous: setting, notification. Then rows, their description, and CopyDone.
                b'S' | b'A' | b'T' | b'D' | b'c' => {}
                tag => {
                    let room = ANSWER_BYTES_MAX.saturating_sub(self.body.len()).min(piece.bytes.len());
                    self.body.extend_from_slice(piece.bytes.get(..room).unwrap_or_default());
                    if piece.ends {
                        let answer = read(tag, &self.body);
                        self.body.clear();
                        match answer? {
                            Some(answer) => return Ok(Some(Told::Answer(answer))),
                            None => continue,
                        }
                    }
                }
            }
        }
        Ok(None)
    }

    /// Between two messages: whoever reads on begins with a head.
    pub fn is_between(&self) -> bool {
        self.cursor.is_between()
    }
}

/// None of a notice, but where it is the server's last word: a backend that has to end at once, since a neighbour crashed
/// or the server is stopped without mercy, says so in a notice and closes.
fn read(tag: u8, body: &[u8]) -> Result<Option<Answer>, Malformed> {
    let said = || Box::new(ServerError::from_fields(body));
    Ok(Some(match tag {
        b'G' | b'H' => Answer::Begins,
        b'C' => Answer::Complete(rows_of(body)),
        b'I' => Answer::Complete(0),
        b'E' => Answer::Error(said()),
        b'N' => {
            let said = said();
            return Ok(matches!(said.sqlstate.as_str(), "57P01" | "57P02").then_some(Answer::Error(said)));
        }
        b'Z' => Answer::Ready,
        _ => return Err(Malformed),
    }))
}

/// `COPY 5\0`, `INSERT 0 5\0`: 5; `COMMIT\0`: 0.
fn rows_of(tag: &[u8]) -> u64 {
    let text = std::str::from_utf8(tag).unwrap_or_default().trim_end_matches('\0');
    text.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[tag][..], &length, body].concat()
    }

    /// What is told of a stream in pieces; data is joined between answers.
    fn told<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<Answer>, bool) {
        let (mut answers, mut data, mut said) = (Answers::default(), Vec::new(), Vec::new());
        for mut piece in pieces {
            while let Some(told) = answers.next(&mut piece).unwrap() {
                match told {
                    Told::Data(bytes) => data.extend_from_slice(bytes),
                    Told::Answer(answer) => said.push(answer),
                }
            }
            assert!(piece.is_empty());
        }
        (data, said, answers.is_between())
    }

    fn stream(rows: &[Vec<u8>]) -> Vec<u8> {
        let mut stream = message(b'H', &[1, 0, 1, 0, 1]);
        for row in rows {
            stream.extend(message(b'd', row));
            stream.extend(message(b'N', b"SNOTICE\0C00000\0Mhere\0\0"));
            stream.extend(message(b'S', b"TimeZone\0UTC\0"));
        }
        stream.extend(message(b'c', b""));
        stream.extend(message(b'C', b"COPY 17\0"));
        stream.extend(message(b'E', b"SERROR\0C53100\0Mno room\0tt1\0ccol\0nwhy\0\0"));
        stream.extend(message(b'Z', b"T"));
        stream
    }

    fn expected() -> Vec<Answer> {
        let error = ServerError {
            sqlstate: "53100".to_owned(),
            message: Some("no room".to_owned()),
            schema: None,
            table: Some("t1".to_owned()),
            column: Some("col".to_owned()),
            constraint: Some("why".to_owned()),
        };
        vec![Answer::Begins, Answer::Complete(17), Answer::Error(Box::new(error)), Answer::Ready]
    }

    #[test]
    fn a_stream_says_the_same_whatever_byte_it_is_cut_at() {
        let stream = stream(&[b"one".to_vec(), Vec::new(), b"three".to_vec()]);
        for at in 0..=stream.len() {
            let (first, second) = stream.split_at(at);
            let (data, said, between) = told([first, second].into_iter());
            assert_eq!((data.as_slice(), said, between), (&b"onethree"[..], expected(), true), "{at}");
        }
    }

    proptest! {
        #[test]
        fn a_stream_says_the_same_however_it_is_cut(
            rows in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..12),
            sizes in prop::collection::vec(1usize..30, 1..40),
        ) {
            let stream = stream(&rows);
            let (mut pieces, mut rest, mut sizes) = (Vec::new(), &stream[..], sizes.into_iter().cycle());
            while !rest.is_empty() {
                let (piece, later) = rest.split_at(sizes.next().unwrap().min(rest.len()));
                pieces.push(piece);
                rest = later;
            }
            let (data, said, between) = told(pieces.into_iter());
            prop_assert_eq!((data, said, between), (rows.concat(), expected(), true));
        }
    }

    #[test]
    fn a_long_answer_is_cut_and_what_was_whole_of_it_is_kept() {
        let long = [&b"C22P03\0tt1\0M"[..], &vec![b'x'; 2 * ANSWER_BYTES_MAX], b"\0cafter\0\0"].concat();
        let stream = [message(b'E', &long), message(b'Z', b"E")].concat();
        let (_, said, _) = told(stream.chunks(1000));
        let Some(Answer::Error(error)) = said.first() else { panic!("{said:?}") };
        assert_eq!((error.sqlstate.as_str(), error.table.as_deref()), ("22P03", Some("t1")));
        assert_eq!((&error.message, &error.column), (&None, &None));
        assert_eq!(said.get(1), Some(&Answer::Ready));
    }

    #[test]
    fn a_notice_that_is_the_last_word_is_an_error_and_any_other_is_passed_over() {
        let notice = |code: &str| message(b'N', format!("SWARNING\0C{code}\0Mwhy\0\0").as_bytes());
        let stream = [notice("00000"), notice("57P02"), notice("01000")].concat();
        let (data, said, between) = told([&stream[..]].into_iter());
        assert!(data.is_empty() && between);
        let [Answer::Error(error)] = &said[..] else { panic!("{said:?}") };
        assert_eq!((error.sqlstate.as_str(), error.message.as_deref()), ("57P02", Some("why")));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for stream in [message(b'W', &[0, 0, 0]), message(b'R', &[0, 0, 0, 0]), vec![b'Z', 0, 0, 0, 1]] {
            assert_eq!(Answers::default().next(&mut &stream[..]), Err(Malformed));
        }
    }

    #[test]
    fn tags_tell_of_rows() {
        for (tag, rows) in
            [(&b"COPY 5\0"[..], 5), (b"INSERT 0 7\0", 7), (b"COMMIT\0", 0), (b"", 0), (b"COPY 99", 99)]
        {
            assert_eq!(rows_of(tag), rows);
        }
    }
}
