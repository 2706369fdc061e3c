//! JSON by meaning: one form for all spellings of a value (semantics.md §6.2, tag 13).
//!
//! Form: `n`, `t`, `f` for null, true, false; `#` and a number's form by value; `"`, the length in 8 bytes and the
//! unescaped UTF-8 of a string; `[`, the elements, `]`; `{`, the members as string and value, `}`. Of members with the same
//! name the last one counts, and they are sorted by the bytes of their names.
//!
//! The text is first cut into a flat list of nodes, from which the form is then written. Neither step calls itself, so
//! no nesting exhausts the stack, and both take time in proportion to the text (sorting aside), however it is nested.

use super::number;

/// Scratch above this is given back after a value: one huge document shall not stay in memory for the run.
const KEPT_BYTES_MAX: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    True,
    False,
    /// `at..end` in the text
    Number,
    /// `at..end` in the text: a string without escapes
    Plain,
    /// `at..end` in the unescaped bytes
    Unescaped,
    /// `end` is the node after the last one inside
    Array,
    /// likewise; the nodes inside are a name and its value by turns
    Object,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    at: u32,
    end: u32,
}

/// A container that is being written.
#[derive(Debug, Clone, Copy)]
enum Frame {
    /// the next element and the node after the last
    Array { next: usize, end: usize },
    /// where its members begin in the list of members, and which comes next
    Object { first: usize, next: usize },
}

/// Buffers that outlive a document.
#[derive(Debug, Default)]
pub(super) struct JsonScratch {
    nodes: Vec<Node>,
    /// containers not yet closed
    open: Vec<u32>,
    unescaped: Vec<u8>,
    frames: Vec<Frame>,
    /// nodes of the names of the objects being written, sorted; the value is the node after the name
    members: Vec<u32>,
}

/// Appends the form of a JSON text; `None` if it is not strict RFC 8259 JSON in UTF-8, holds a surrogate without its
/// partner or a number whose exponent has more than 32 bits.
pub(super) fn canonical(out: &mut Vec<u8>, text: &[u8], scratch: &mut JsonScratch) -> Option<()> {
    u32::try_from(text.len()).ok()?;
    std::str::from_utf8(text).ok()?;
    scratch.clear();
    Parser { text, at: 0, scratch }.document()?;
    Writer { text, scratch, out }.document()
}

impl JsonScratch {
    fn clear(&mut self) {
        self.nodes.clear();
        self.open.clear();
        self.unescaped.clear();
        self.frames.clear();
        self.members.clear();
        self.nodes.shrink_to(KEPT_BYTES_MAX / size_of::<Node>());
        self.open.shrink_to(KEPT_BYTES_MAX / 4);
        self.unescaped.shrink_to(KEPT_BYTES_MAX);
        self.frames.shrink_to(KEPT_BYTES_MAX / size_of::<Frame>());
        self.members.shrink_to(KEPT_BYTES_MAX / 4);
    }
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

struct Writer<'a> {
    text: &'a [u8],
    scratch: &'a mut JsonScratch,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn document(&mut self) -> Option<()> {
        self.begin(0)?;
        while let Some(frame) = self.scratch.frames.last().copied() {
            match frame {
                Frame::Array { next, end } if next < end => {
                    self.turn(Frame::Array { next: self.past(next)?, end });
                    self.begin(next)?;
                }
                Frame::Object { first, next } if next < self.scratch.members.len() => {
                    self.turn(Frame::Object { first, next: next + 1 });
                    let name = *self.scratch.members.get(next)? as usize;
                    self.begin(name)?;
                    self.begin(name + 1)?;
                }
                Frame::Array { .. } => self.close(b']'),
                Frame::Object { first, .. } => {
                    self.scratch.members.truncate(first);
                    self.close(b'}');
                }
            }
        }
        Some(())
    }

    fn turn(&mut self, frame: Frame) {
        if let Some(last) = self.scratch.frames.last_mut() {
            *last = frame;
        }
    }

    fn close(&mut self, end: u8) {
        self.out.push(end);
        self.scratch.frames.pop();
    }

    /// The node after this one and all that is inside it.
    fn past(&self, index: usize) -> Option<usize> {
        let node = self.scratch.nodes.get(index)?;
        Some(if matches!(node.kind, Kind::Array | Kind::Object) { node.end as usize } else { index + 1 })
    }

    /// Writes a scalar, or opens a container.
    fn begin(&mut self, index: usize) -> Option<()> {
        let node = *self.scratch.nodes.get(index)?;
        match node.kind {
            Kind::Null => self.out.push(b'n'),
            Kind::True => self.out.push(b't'),
            Kind::False => self.out.push(b'f'),
            Kind::Number => {
                self.out.push(b'#');
                number::decimal_text(self.out, self.text.get(node.at as usize..node.end as usize)?)?;
            }
            Kind::Plain | Kind::Unescaped => {
                let bytes = string(&self.scratch.nodes, self.text, &self.scratch.unescaped, index as u32);
                self.out.push(b'"');
                self.out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
                self.out.extend_from_slice(bytes);
            }
            Kind::Array => {
                self.out.push(b'[');
                self.scratch.frames.push(Frame::Array { next: index + 1, end: node.end as usize });
            }
            Kind::Object => {
                self.out.push(b'{');
                self.open_object(index + 1, node.end as usize)?;
            }
        }
        Some(())
    }

    /// Lists the members of an object by name, the last of each name.
    fn open_object(&mut self, begin: usize, end: usize) -> Option<()> {
        let first = self.scratch.members.len();
        let mut name = begin;
        while name < end {
            self.scratch.members.push(name as u32);
            name = self.past(name + 1)?;
        }
        let JsonScratch { nodes, unescaped, members, .. } = &mut *self.scratch;
        let text_of = |name: u32| string(nodes, self.text, unescaped, name);
        let listed = members.get_mut(first..)?;
        // The later of two equal names sorts last; the sort needs no memory of its own.
        listed.sort_unstable_by(|a, b| text_of(*a).cmp(text_of(*b)).then(a.cmp(b)));
        let mut kept = 0;
        for place in 0..listed.len() {
            let last = listed.get(place + 1).is_none_or(|next| text_of(*next) != text_of(listed[place]));
            if last {
                listed[kept] = listed[place];
                kept += 1;
            }
        }
        members.truncate(first + kept);
        self.scratch.frames.push(Frame::Object { first, next: first });
        Some(())
    }
}

/// The bytes of a string node.
fn string<'a>(nodes: &[Node], text: &'a [u8], unescaped: &'a [u8], index: u32) -> &'a [u8] {
    let Some(node) = nodes.get(index as usize) else { return &[] };
    let from = if node.kind == Kind::Unescaped { unescaped } else { text };
    from.get(node.at as usize..node.end as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        canonical(&mut out, text.as_bytes(), &mut JsonScratch::default()).map(|()| out)
    }

    #[test]
    fn the_form_spelled_out() {
        let text = b" {\"b\" : [1.50, true ,{}], \"a\":\"\\u00e9\", \"b\":[null,false,-0]} ";
        let mut out = Vec::new();
        canonical(&mut out, text, &mut JsonScratch::default()).unwrap();
        let mut expected = b"{\"\0\0\0\0\0\0\0\x01a\"\0\0\0\0\0\0\0\x02\xc3\xa9".to_vec();
        expected.extend_from_slice(b"\"\0\0\0\0\0\0\0\x01b[nf#\0]}");
        assert_eq!(out, expected);
        assert_eq!(form("1.50").unwrap(), b"#\x01\xff\xff\xff\xff\0\0\0\x02\x01\x05");
        assert_eq!(form("[]").unwrap(), b"[]");
        assert_eq!(form("[[],{}]").unwrap(), b"[[]{}]");
    }

    #[test]
    fn spellings_of_one_value() {
        // The right column is what PostgreSQL 15 makes of the left: select '…'::jsonb::text.
        let cases = [
            (r#"{"b":1,"a":1.0,"b":2}"#, r#"{"a": 1.0, "b": 2}"#),
            (r#"{"bb":1,"c":2,"a":{"y":1,"x":[1,2]}}"#, r#"{"a": {"x": [1, 2], "y": 1}, "c": 2, "bb": 1}"#),
            (r#"[1E2,-0,-0.0,1.50,1e-3]"#, r#"[100, 0, 0.0, 1.50, 0.001]"#),
            (r#""\/\u00e9\ud83d\ude00\"\\\b\f\n\r\t""#, "\"/é😀\\\"\\\\\\b\\f\\n\\r\\t\""),
            ("[1,\n\t2 ,\r3]", "[1, 2, 3]"),
            (r#"{"\u0061":1,"a":2}"#, r#"{"a": 2}"#),
            (r#"{"a":1,"a":2,"a":[{"z":0,"z":3}],"":4}"#, r#"{"": 4, "a": [{"z": 3}]}"#),
            ("[1e30]", "[1000000000000000000000000000000]"),
        ];
        for (source, target) in cases {
            assert_eq!(form(source).unwrap(), form(target).unwrap(), "{source}");
        }
    }

    #[test]
    fn different_values_differ() {
        let values = [
            "null",
            "true",
            "false",
            "0",
            "1",
            "-1",
            "10",
            "0.1",
            "\"\"",
            "\"1\"",
            "\"a\"",
            "\"A\"",
            "\"a \"",
            "[]",
            "{}",
            "[[]]",
            "[[],[]]",
            "[[[]]]",
            "[1]",
            "[1,1]",
            "[\"a\",\"b\"]",
            "[\"ab\"]",
            "[\"b\",\"a\"]",
            r#"{"a":1}"#,
            r#"{"a":"1"}"#,
            r#"{"A":1}"#,
            r#"{"a":1,"b":1}"#,
            r#"{"a":{"b":1}}"#,
            r#"["a",1]"#,
            "[null]",
            "[{}]",
            r#"{"a":null}"#,
            "[12]",
            "[1,2]",
            "12345678901234567890",
            "12345678901234567891",
        ];
        for (place, one) in values.iter().enumerate() {
            for other in &values[place + 1..] {
                assert_ne!(form(one).unwrap(), form(other).unwrap(), "{one} and {other}");
            }
        }
    }

    #[test]
    fn what_is_no_json() {
        let wrong = [
            "",
            " ",
            "nul",
            "nulll",
            "True",
            "NaN",
            "01",
            "-",
            "+1",
            "1.",
            ".5",
            "1e",
            "1e+",
            "1 2",
            "[",
            "]",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1}",
            "{",
            "}",
            "{]",
            "{1:2}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{\"a\":1]",
            "{,}",
            "\"",
            "\"a",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
            "\"\n\"",
            "\"\\\u{1}\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"\\ud800x\"",
            "\u{feff}1",
            "[1]x",
            "\u{b}1",
            "1e9999999999",
        ];
        for text in wrong {
            assert_eq!(form(text), None, "{text:?}");
        }
        assert_eq!(canonical(&mut Vec::new(), b"\"\xff\"", &mut JsonScratch::default()), None);
    }

    #[test]
    fn no_nesting_exhausts_the_stack() {
        let deep = 1_000_000;
        assert_eq!(form(&"[".repeat(deep)), None);
        assert_eq!(form(&"{\"a\":".repeat(deep)), None);
        let arrays = "[".repeat(deep) + &"]".repeat(deep);
        assert_eq!(form(&arrays).unwrap(), arrays.as_bytes());
        let objects = "{\"b\":1,\"a\":".repeat(deep) + "1" + &"}".repeat(deep);
        assert!(form(&objects).is_some());
    }

    #[test]
    fn scratch_is_reused_and_given_back() {
        let mut scratch = JsonScratch::default();
        let large = format!("[{}1]", "1,".repeat(500_000));
        canonical(&mut Vec::new(), large.as_bytes(), &mut scratch).unwrap();
        let mut out = Vec::new();
        canonical(&mut out, b"[\"\\n\"]", &mut scratch).unwrap();
        assert_eq!(Some(out), form("[\"\\n\"]"));
        assert!(scratch.nodes.capacity() * size_of::<Node>() <= KEPT_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn no_text_panics(noise in "[\\[\\]{}\",:0-9eE.+\\\\u nultr-]{0,40}") {
            let _ = form(&noise);
        }

        #[test]
        fn order_of_members_does_not_matter(names in prop::collection::btree_set("[a-c]{0,3}", 0..40)) {
            let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":\"{name}!\"")).collect();
            let turned: Vec<String> = members.iter().rev().cloned().collect();
            let one = form(&format!("{{{}}}", members.join(",")));
            prop_assert_eq!(one, form(&format!("{{{}}}", turned.join(", "))));
        }
    }
}
