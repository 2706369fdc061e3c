//! Where the cursor of a terminal is: asked for once after each change of its size, since only the terminal knows what it
//! has moved out of sight then.
//!
//! The answer comes as if it had been typed. So nobody asks where input waits, which would be swallowed, nor from the
//! background, nor again where no answer came.

use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr,
};
use std::io::{Stdin, Write, stdin};

/// The question (DSR), and how long an answer is: `ESC [ row ; column R`.
const QUESTION: &[u8] = b"\x1b[6n";
const ANSWER_BYTES_MAX: usize = 32;

/// Tenths of a second that are waited for an answer: one that comes later would be taken for a command of the shell.
const PATIENCE: u8 = 10;

/// Asks; keeps in mind where it is in vain.
#[derive(Debug, Default)]
pub(super) struct Asker {
    is_mute: bool,
}

impl Asker {
    /// Rows of the screen above the cursor; the question goes out on `out`. `None` where nobody tells.
    pub(super) fn rows_above(&mut self, out: &mut dyn Write) -> Option<usize> {
        if self.is_mute || !is_attended() {
            return None;
        }
        let listening = Listening::begin().ok()?;
        // What is typed meanwhile is the shell's.
        if rustix::io::ioctl_fionread(&listening.stdin).ok()? > 0 {
            return None;
        }
        out.write_all(QUESTION).and_then(|()| out.flush()).ok()?;
        let row = row(&listening.answer());
        self.is_mute = row.is_none();
        row.map(|row| row.saturating_sub(1))
    }
}

fn is_attended() -> bool {
    let stdin = stdin();
    isatty(&stdin) && tcgetpgrp(&stdin).is_ok_and(|group| group == getpgrp())
}

/// The row in the answer, from 1.
fn row(answer: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(answer).ok()?;
    let (row, column) = text.strip_prefix("\x1b[")?.strip_suffix('R')?.split_once(';')?;
    column.parse::<usize>().ok()?;
    row.parse().ok()
}

/// The terminal gives every byte at once and shows none; until this goes. Its signals work as ever.
struct Listening {
    stdin: Stdin,
    before: Termios,
}

impl Listening {
    fn begin() -> std::io::Result<Listening> {
        let stdin = stdin();
        let before = tcgetattr(&stdin)?;
        let mut open = before.clone();
        open.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON);
        open.special_codes[SpecialCodeIndex::VMIN] = 0;
        open.special_codes[SpecialCodeIndex::VTIME] = PATIENCE;
        tcsetattr(&stdin, OptionalActions::Now, &open)?;
        Ok(Listening { stdin, before })
    }

    fn answer(&self) -> Vec<u8> {
        let (mut answer, mut byte) = (Vec::new(), [0]);
        while answer.len() < ANSWER_BYTES_MAX && answer.last() != Some(&b'R') {
            // Not through the buffer of std's stdin, which would keep what follows.
            match rustix::io::read(&self.stdin, &mut byte) {
                Ok(1) => answer.push(byte[0]),
                _ => break,
            }
        }
        answer
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_nothing_else() {
        assert_eq!(row(b"\x1b[12;1R"), Some(12));
        for other in [&b""[..], b"ls\n", b"\x1b[A", b"\x1b[;1R", b"\x1b[12R", b"x\x1b[12;1R"] {
            assert_eq!(row(other), None, "{other:?}");
        }
    }
}
