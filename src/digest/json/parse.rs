//! A JSON text (RFC 8259, strictly) cut into nodes: one pass, a stack of its own for what is open.

use super::{JsonScratch, Kind, Node};

/// Fills the scratch, which is empty, with the nodes of `text`, which is UTF-8; `None` if it is no JSON.
pub(super) fn nodes(text: &[u8], scratch: &mut JsonScratch) -> Option<()> {
    Parser { text, at: 0, scratch }.document()
}

/// What must come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    Name,
    /// a comma, the end of the container, or of the text
    After,
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    scratch: &'a mut JsonScratch,
}

impl Parser<'_> {
    fn document(&mut self) -> Option<()> {
        let mut expect = Expect::Value;
        loop {
            self.space();
            expect = match expect {
                Expect::Value => self.value()?,
                Expect::Name => self.name()?,
                Expect::After => match self.scratch.open.last().copied() {
                    Some(container) => self.after(container as usize)?,
                    None => return (self.at == self.text.len()).then_some(()),
                },
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn node(&mut self, kind: Kind, at: usize, end: usize) {
        self.scratch.nodes.push(Node { kind, at: at as u32, end: end as u32 });
    }

    fn value(&mut self) -> Option<Expect> {
        match self.peek()? {
            b'{' => return self.container(Kind::Object, b'}', Expect::Name),
            b'[' => return self.container(Kind::Array, b']', Expect::Value),
            b'"' => self.string()?,
            b'n' => self.word(b"null", Kind::Null)?,
            b't' => self.word(b"true", Kind::True)?,
            b'f' => self.word(b"false", Kind::False)?,
            _ => self.number()?,
        }
        Some(Expect::After)
    }

    fn container(&mut self, kind: Kind, end: u8, inside: Expect) -> Option<Expect> {
        self.at += 1;
        self.scratch.open.push(self.scratch.nodes.len() as u32);
        self.node(kind, 0, 0);
        self.space();
        if self.peek()? != end {
            return Some(inside);
        }
        // An empty container closes as any other does, where the last thing inside has just ended.
        Some(Expect::After)
    }

    fn after(&mut self, container: usize) -> Option<Expect> {
        let past = self.scratch.nodes.len();
        let node = self.scratch.nodes.get_mut(container)?;
        let object = node.kind == Kind::Object;
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        match byte {
            b',' => Some(if object { Expect::Name } else { Expect::Value }),
            b'}' | b']' if (byte == b'}') == object => {
                node.end = past as u32;
                self.scratch.open.pop();
                Some(Expect::After)
            }
            _ => None,
        }
    }

    fn name(&mut self) -> Option<Expect> {
        if self.peek()? != b'"' {
            return None;
        }
        self.string()?;
        self.space();
        self.eat(b':').then_some(Expect::Value)
    }

    fn word(&mut self, word: &[u8], kind: Kind) -> Option<()> {
        if !self.text.get(self.at..)?.starts_with(word) {
            return None;
        }
        self.at += word.len();
        self.node(kind, 0, 0);
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.some_digits()?;
        }
        if self.eat(b'.') {
            self.some_digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.some_digits()?;
        }
        self.node(Kind::Number, start, self.at);
        Some(())
    }

    fn some_digits(&mut self) -> Option<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.take()? {
                b'"' => break,
                b'\\' => {
                    self.at = start;
                    return self.escaped_string();
                }
                0..=0x1f => return None,
                _ => {}
            }
        }
        self.node(Kind::Plain, start, self.at - 1);
        Some(())
    }

    fn escaped_string(&mut self) -> Option<()> {
        let start = self.scratch.unescaped.len();
        loop {
            match self.take()? {
                b'"' => break,
                b'\\' => {
                    let char = self.escape()?;
                    self.scratch.unescaped.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..=0x1f => return None,
                byte => self.scratch.unescaped.push(byte),
            }
        }
        self.node(Kind::Unescaped, start, self.scratch.unescaped.len());
        Some(())
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.take()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return None,
        })
    }

    fn unicode(&mut self) -> Option<char> {
        let first = self.four_hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if self.take()? != b'\\' || self.take()? != b'u' {
            return None;
        }
        let second = self.four_hex()?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
        char::from_u32(0x10000 + ((first - 0xd800) << 10 | second))
    }

    fn four_hex(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |value, _| Some(value << 4 | char::from(self.take()?).to_digit(16)?))
    }
}
