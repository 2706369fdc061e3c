//! What a server says during a COPY: the same however the stream is cut, and the data is what a plain reading finds.

use cutover::postgres::wire::answers::{Answer, Answers, Malformed, Told};

/// Data that is told in parts is one run, so that cuts do not show.
#[derive(Debug, PartialEq)]
enum Said {
    Data(Vec<u8>),
    Answer(Answer),
}

type Read = (Vec<Said>, Result<bool, Malformed>);

/// The first byte: where the stream is cut. The rest is the stream.
pub fn run(data: &[u8]) {
    let [cuts, stream @ ..] = data else { return };
    let whole = read([stream].into_iter());
    assert_eq!(read(stream.chunks(1)), whole, "byte by byte");
    assert_eq!(read(stream.chunks(usize::from(*cuts).max(2))), whole, "in pieces of {cuts}");
    let data: Vec<u8> = whole
        .0
        .iter()
        .flat_map(|said| if let Said::Data(data) = said { &data[..] } else { &[] })
        .copied()
        .collect();
    assert_eq!(data, plain_data(stream));
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Read {
    let (mut answers, mut said) = (Answers::default(), Vec::new());
    for mut piece in pieces {
        loop {
            match answers.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(Told::Answer(answer))) => said.push(Said::Answer(answer)),
                Ok(Some(Told::Data(bytes))) => match said.last_mut() {
                    Some(Said::Data(run)) => run.extend_from_slice(bytes),
                    _ => said.push(Said::Data(bytes.to_vec())),
                },
                Err(malformed) => return (said, Err(malformed)),
            }
        }
        assert!(piece.is_empty(), "input is left without a reason");
    }
    (said, Ok(answers.is_between()))
}

/// The payloads of the stream, up to what is no message of a COPY.
fn plain_data(mut stream: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let [tag, a, b, c, d, rest @ ..] = stream {
        let length = usize::try_from(i32::from_be_bytes([*a, *b, *c, *d]))
            .ok()
            .and_then(|length| length.checked_sub(4));
        let Some(length) = length else { break };
        let (body, after) = rest.split_at(length.min(rest.len()));
        match tag {
            b'd' => data.extend_from_slice(body),
            b'N' | b'S' | b'A' | b'T' | b'D' | b'c' | b'G' | b'H' | b'C' | b'I' | b'E' | b'Z' => {}
            _ => break,
        }
        stream = after;
    }
    data
}
