//! JSON by meaning: one form for all spellings of a value (semantics.md §6.2, tag 13).
//!
//! Form: `n`, `t`, `f` for null, true, false; `#` and a number's form by value; `"`, the length in 8 bytes and the
//! unescaped UTF-8 of a string; `[`, the elements, `]`; `{`, the members as string and value, `}`. Of members with
//! the same name the last one counts, and they are sorted by the bytes of their names.
//!
//! The text is first cut into a flat list of nodes, from which the form is then written. Neither step calls itself, so
//! no nesting exhausts the stack, and both take time in proportion to the text (sorting aside), however it is nested.

mod parse;

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
    parse::nodes(text, scratch)?;
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
mod tests;
