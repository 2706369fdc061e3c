//! Encoder and digest against a real server: what we send by binary COPY must equal what the server itself reads from text,
//! and what either of the two sends back must be decoded to the value that it came from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test: clippy does not see that of helpers")]

mod ids;
mod times;

use crate::support::postgres::Server;
use cutover::digest::{RowHash, RowHasher, TupleReader, table_key};
use cutover::encode::{FrameBuilder, begin_row, is_json, value};
use cutover::plan::types::{Codec, Mapping, PgType};
use cutover::value::Value;
use futures::{SinkExt, TryStreamExt};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio_postgres::{Client, NoTls};

/// Random values of each family.
const CASES: usize = 1000;

/// An owned value, and the text from which the server shall make the same.
#[derive(Debug, Clone)]
struct Case {
    value: Owned,
    text: String,
}

#[derive(Debug, Clone)]
enum Owned {
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Owned {
    fn borrow(&self) -> Value<'_> {
        match self {
            Owned::Integer(v) => Value::Integer(*v),
            Owned::Real(v) => Value::Real(*v),
            Owned::Text(v) => Value::Text(v.as_bytes()),
            Owned::Blob(v) => Value::Blob(v),
        }
    }
}

#[test]
fn encode_oracle() {
    against_a_server(async |client| {
        numbers(client).await;
        numerics(client).await;
        digits_of_a_double(client).await;
        texts(client).await;
        ids::all(client).await;
        json(client).await;
        json_verdicts(client).await;
    });
}

/// Runs comparisons in a new database, in a session whose settings differ from those of a run.
fn against_a_server(compare: impl AsyncFnOnce(&Client)) {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SET timezone = 'Asia/Kolkata'; SET datestyle = 'ISO, DMY'").await.unwrap();
        compare(&client).await;
    });
}

/// Sends the cases and lets the server compare: the column's text with that of `made`, an expression over the text `s`.
/// Returns the cases that were refused.
async fn agree(client: &Client, pg: PgType, codec: Codec, made: &str, cases: Vec<Case>) -> Vec<Case> {
    agree_as(client, &pg.to_string(), &Mapping { pg, codec }, made, cases).await
}

/// The same for a column whose type has a name of its own. The last row is NULL. `v` as `made` compares with nothing: the
/// server has no text form of what was sent.
async fn agree_as(client: &Client, name: &str, mapping: &Mapping, made: &str, cases: Vec<Case>) -> Vec<Case> {
    let mut frames = FrameBuilder::new();
    let (mut texts, mut hashes, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for case in &cases {
        if put_row(&mut frames, texts.len(), case.value.borrow(), mapping) {
            texts.push(Some(case.text.as_str()));
            hashes.push(source_hash(case.value.borrow(), mapping));
        } else {
            refused.push(case.clone());
        }
    }
    assert!(texts.len() > 20, "{mapping:?}: only {} cases are accepted", texts.len());
    assert!(put_row(&mut frames, texts.len(), Value::Null, mapping));
    texts.push(None);
    hashes.push(source_hash(Value::Null, mapping));
    let frame = frames.finish();
    let setup = format!(
        "DROP TABLE IF EXISTS pg_temp.t; CREATE TEMP TABLE t (id int, v {name});
         DROP TABLE IF EXISTS pg_temp.e; CREATE TEMP TABLE e (id int, s text)"
    );
    client.batch_execute(&setup).await.unwrap();
    let mut sink = Box::pin(client.copy_in("COPY t FROM STDIN (FORMAT binary)").await.unwrap());
    sink.send(frame.bytes).await.unwrap();
    let sent = sink.as_mut().finish().await.unwrap_or_else(|error| panic!("{mapping:?}: {error:?}"));
    assert_eq!((sent, u64::from(frame.rows)), (texts.len() as u64, texts.len() as u64));
    let insert = "INSERT INTO e SELECT n - 1, s FROM unnest($1::text[]) WITH ORDINALITY AS e (s, n)";
    client.execute(insert, &[&texts]).await.unwrap();
    // Without it the server joins by nested loops, which takes seconds.
    client.batch_execute("ANALYZE t; ANALYZE e").await.unwrap();
    let query = format!(
        "SELECT s, v::text, ({made})::{name}::text FROM t JOIN e USING (id)
         WHERE v::text IS DISTINCT FROM ({made})::{name}::text LIMIT 5"
    );
    let wrong = client.query(&query, &[]).await.unwrap_or_else(|error| panic!("{mapping:?}: {error:?}"));
    let shown: Vec<(String, String, String)> = wrong.iter().map(|r| (r.get(0), r.get(1), r.get(2))).collect();
    assert!(shown.is_empty(), "{mapping:?}: {shown:?}");
    decoded(client, "SELECT v FROM t ORDER BY id", mapping, &texts, &hashes).await;
    if made != "v" {
        decoded(client, &format!("SELECT ({made})::{name} FROM e ORDER BY id"), mapping, &texts, &hashes)
            .await;
    }
    println!("{name}, {:?}: {sent} equal", mapping.codec);
    refused
}

/// Begins and ends a row of its number and the value; false, and no row, where the value does not fit.
fn put_row(frames: &mut FrameBuilder, number: usize, v: Value<'_>, mapping: &Mapping) -> bool {
    let before = frames.buffer().len();
    begin_row(2, frames.buffer());
    let id = Mapping { pg: PgType::Int4, codec: Codec::Int };
    value(Value::Integer(number as i64), &id, frames.buffer()).unwrap();
    match value(v, mapping, frames.buffer()) {
        Ok(()) => frames.end_row(),
        Err(misfit) => {
            frames.buffer().truncate(before);
            assert!(misfit.code().starts_with("E_") && misfit.code() != "E_MAPPING", "{misfit}");
            return false;
        }
    }
    true
}

fn source_hash(value: Value<'_>, mapping: &Mapping) -> RowHash {
    let mut hasher = RowHasher::new(table_key("t", 1));
    hasher.source_value(value, mapping);
    hasher.finish()
}

/// What the server sends for `query`, as the digest decodes it.
async fn target_hashes(client: &Client, query: &str, mapping: &Mapping) -> Vec<RowHash> {
    let copy = format!("COPY ({query}) TO STDOUT (FORMAT binary)");
    let mut stream = Box::pin(client.copy_out(&copy).await.unwrap());
    let (mut reader, mut hasher) = (TupleReader::new(1), RowHasher::new(table_key("t", 1)));
    let mut hashes = Vec::new();
    while let Some(bytes) = stream.try_next().await.unwrap() {
        let each = |fields: &cutover::digest::Fields<'_>| {
            fields.iter().for_each(|field| hasher.target_field(field, mapping));
            hashes.push(hasher.finish());
        };
        reader.feed(&bytes, each).unwrap();
    }
    assert_eq!(reader.finish(), Ok(hashes.len() as u64));
    hashes
}

async fn decoded(
    client: &Client,
    query: &str,
    mapping: &Mapping,
    texts: &[Option<&str>],
    hashes: &[RowHash],
) {
    let found = target_hashes(client, query, mapping).await;
    let differ = texts.iter().zip(hashes.iter().zip(&found)).filter(|(_, (ours, theirs))| ours != theirs);
    let shown: Vec<_> = differ.map(|(text, _)| text).take(5).collect();
    assert!(
        found.len() == hashes.len() && shown.is_empty(),
        "{mapping:?}: {query}: decoded otherwise: {shown:?}"
    );
}

fn samples<S: Strategy>(strategy: S) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..CASES).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// Integers of every size, with the powers of ten and their neighbours.
fn integers() -> Vec<i64> {
    let mut all = samples((any::<i64>(), 0_u32..64).prop_map(|(v, shift)| v >> shift));
    let powers = (0..19).map(|n| 10_i64.pow(n));
    all.extend(powers.flat_map(|p| [p, p - 1, p + 1, -p, -p - 1, 7 * (p / 10), 120 * (p / 1000)]));
    all.extend((0..63).map(|n| 1_i64 << n).flat_map(|p| [p, p - 1, p + 1, -p, -p - 1, 1 - p]));
    all.extend([0, i64::MIN, i64::MAX]);
    all
}

/// Doubles of every bit pattern except NaN, decimals as people write them, and the edges.
fn reals() -> Vec<f64> {
    let bits = any::<u64>().prop_map(f64::from_bits);
    let mut all = samples(bits);
    all.extend(
        samples((-10_000_000_i64..10_000_000, 0_i32..9)).iter().map(|(v, e)| *v as f64 / 10_f64.powi(*e)),
    );
    all.extend((-330..309).map(|n| format!("1e{n}").parse::<f64>().unwrap()));
    all.extend((-80..77).map(|n| format!("9.9999e{}", n * 4).parse::<f64>().unwrap()));
    all.extend([
        0.1 + 0.2,
        5e-324,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        0.0,
        1e17,
    ]);
    all.retain(|v| !v.is_nan());
    all
}

fn of_integers() -> Vec<Case> {
    integers().into_iter().map(|v| Case { text: v.to_string(), value: Owned::Integer(v) }).collect()
}

/// The text is Rust's plain decimal: not the form the encoder starts from.
fn of_reals() -> Vec<Case> {
    reals().into_iter().map(|v| Case { text: format!("{v}"), value: Owned::Real(v) }).collect()
}

fn of_texts(texts: Vec<String>) -> Vec<Case> {
    texts.into_iter().map(|v| Case { text: v.clone(), value: Owned::Text(v) }).collect()
}

async fn numbers(client: &Client) {
    for pg in [PgType::Int2, PgType::Int4, PgType::Int8] {
        agree(client, pg, Codec::Int, "s", of_integers()).await;
    }
    let flags = (0..60).map(|n| Case { value: Owned::Integer(n % 3), text: (n % 3).to_string() }).collect();
    agree(client, PgType::Bool, Codec::Bool, "s", flags).await;
    agree(client, PgType::Float8, Codec::Float, "s", of_reals()).await;
    agree(client, PgType::Float8, Codec::FloatNumber, "s", of_integers()).await;
    agree(client, PgType::Float4, Codec::FloatNumber, "s", of_integers()).await;
    let narrow = samples(any::<u32>().prop_map(f32::from_bits)).into_iter().filter(|v| !v.is_nan());
    let narrow = narrow.map(|v| Case { text: format!("{v}"), value: Owned::Real(v.into()) }).collect();
    agree(client, PgType::Float4, Codec::Float, "s", narrow).await;
}

async fn numerics(client: &Client) {
    let plain = PgType::Numeric(None);
    agree(client, plain, Codec::Number, "s", of_integers()).await;
    agree(client, plain, Codec::NumberByValue, "s", of_reals()).await;
    // The server reads the very same double from it. (Its own float8 → text is no oracle for the digits: where the
    // shortest decimal is an end of the rounding interval, as 1e23 is, it writes one digit more.)
    let lost = "SELECT count(*) FROM t JOIN e USING (id) WHERE v::text::float8 <> s::float8";
    assert_eq!(client.query_one(lost, &[]).await.unwrap().get::<_, i64>(0), 0);
    agree(client, plain, Codec::Number, "s", of_reals()).await;
    for (precision, scale) in [(10, 2), (5, 0), (38, 10), (4, -3), (3, 5), (1000, 400)] {
        let pg = PgType::Numeric(Some((precision, scale)));
        for cases in [of_integers(), of_reals(), of_scaled(precision, scale)] {
            if cases.iter().filter(|case| fits(case, pg)).count() > 20 {
                agree(client, pg, Codec::NumberByValue, "s", cases).await;
                unrounded(client).await;
            }
        }
    }
}

/// Every digit that the smallest double really has, and every one of the largest: not the shortest decimal that we send, so
/// another value, which the server prints to its 751 and 309 digits.
async fn digits_of_a_double(client: &Client) {
    let mapping = Mapping { pg: PgType::Numeric(None), codec: Codec::Number };
    for v in [5e-324, -5e-324, f64::MIN_POSITIVE, f64::MAX] {
        for (text, is_same) in
            [(format!("{v:e}"), true), (format!("{v:.1074}"), v == f64::MAX), (format!("{v}1"), false)]
        {
            let query = format!("SELECT '{text}'::numeric");
            let found = target_hashes(client, &query, &mapping).await;
            assert_eq!(found == [source_hash(Value::Real(v), &mapping)], is_same, "{text}");
        }
    }
    // 1.50 is 1.5 by whatever scale it is written.
    for text in ["1.5", "1.50", "1.5000", "1.50000", "15e-1"] {
        let found = target_hashes(client, &format!("SELECT '{text}'::numeric"), &mapping).await;
        assert_eq!(found, [source_hash(Value::Real(1.5), &mapping)], "{text}");
    }
}

/// Numbers around the limits of `numeric(precision, scale)`.
fn of_scaled(precision: u16, scale: i16) -> Vec<Case> {
    let most = 10_i64.pow(u32::from(precision.min(15)));
    let all = samples((-2 * most..2 * most, -1..2_i32));
    let decimal = |(v, more): (i64, i32)| format!("{v}e{}", more - i32::from(scale)).parse::<f64>().unwrap();
    let all = all.into_iter().map(decimal);
    all.map(|v| Case { text: format!("{v}"), value: Owned::Real(v) }).collect()
}

fn fits(case: &Case, pg: PgType) -> bool {
    value(case.value.borrow(), &Mapping { pg, codec: Codec::NumberByValue }, &mut Vec::new()).is_ok()
}

/// A value that the server would have rounded was refused by us: what arrived equals its text without precision and scale.
async fn unrounded(client: &Client) {
    let query = "SELECT count(*) FROM t JOIN e USING (id) WHERE v <> s::numeric";
    assert_eq!(client.query_one(query, &[]).await.unwrap().get::<_, i64>(0), 0);
}

async fn texts(client: &Client) {
    let words = samples(any::<String>().prop_map(|text| text.replace('\0', "")));
    let short = samples("[ a-cäß😀]{0,6}");
    for pg in [PgType::Text, PgType::Varchar(None), PgType::Varchar(Some(40))] {
        agree(client, pg, Codec::Text, "s", of_texts(words.clone())).await;
    }
    client.batch_execute("CREATE EXTENSION IF NOT EXISTS citext").await.unwrap();
    agree(client, PgType::Citext, Codec::Text, "s", of_texts(words.clone())).await;
    for pg in [PgType::Varchar(Some(3)), PgType::Char(3), PgType::Char(5)] {
        agree(client, pg, Codec::Text, "s", of_texts(short.clone())).await;
    }
    let form = of_reals().into_iter().map(|mut case| {
        let Owned::Real(v) = case.value else { unreachable!() };
        case.text = format!("{v:?}").replace("inf", "Infinity");
        case
    });
    agree(client, PgType::Text, Codec::TextForm, "s", form.chain(of_integers()).collect()).await;
    let bytes = samples(proptest::collection::vec(any::<u8>(), 0..50));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let blobs = bytes.into_iter().map(|v| Case { text: format!("\\x{}", hex(&v)), value: Owned::Blob(v) });
    agree(client, PgType::Bytea, Codec::Blob, "s", blobs.collect()).await;
}

/// Pieces of JSON and of what is nearly JSON.
const PIECES: [&str; 48] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"a\"",
    "\"\"",
    "1",
    "0",
    "-",
    "1.5",
    "e5",
    "E-3",
    "null",
    "true",
    "false",
    " ",
    "\n",
    "\t",
    "\"\\u0000\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\ude00\"",
    "\"\\/\"",
    "\"\\x\"",
    "01",
    ".5",
    "5.",
    "+1",
    "NaN",
    "\u{b}",
    "\u{feff}",
    "'a'",
    "\"é\"",
    "{\"a\":1}",
    "[1,2]",
    "\"b\":",
    "1e131071",
    "1e131072",
    "1e-16383",
    "1e-16384",
    "0e99999",
    "0e2000000000",
    "\"\\ud83d\\u0041\"",
    "\"\u{7f}\"",
    "\"\u{1f}\"",
    "-0",
];

fn json_texts() -> Vec<String> {
    let piece = proptest::sample::select(&PIECES[..]);
    let loose = proptest::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat());
    let leaf = proptest::sample::select(&PIECES[6..]).prop_map(str::to_owned);
    let tree = leaf.prop_recursive(5, 40, 6, |inner| {
        let array =
            proptest::collection::vec(inner.clone(), 0..6).prop_map(|all| format!("[{}]", all.join(", ")));
        let entry = inner.prop_map(|value| format!("\"k\" : {value}"));
        let object = proptest::collection::vec(entry, 0..6).prop_map(|all| format!("{{{}}}", all.join(",")));
        prop_oneof![array, object]
    });
    let mut all = samples(loose);
    all.extend(samples(tree));
    all.extend(PIECES.map(str::to_owned));
    all.push("[".repeat(6000) + &"]".repeat(6000));
    all.push("{\"a\":".repeat(6000) + "1" + &"}".repeat(6000));
    all
}

async fn json(client: &Client) {
    agree(client, PgType::Json, Codec::Json, "s", of_texts(json_texts())).await;
    agree(client, PgType::Jsonb, Codec::Jsonb, "s", of_texts(json_texts())).await;
}

/// Not only is what we accept accepted: what we refuse, the server refuses too.
async fn json_verdicts(client: &Client) {
    let try_cast =
        "CREATE OR REPLACE FUNCTION pg_temp.holds(s text, jsonb bool) RETURNS bool LANGUAGE plpgsql AS
        $$ BEGIN IF jsonb THEN PERFORM s::jsonb; ELSE PERFORM s::json; END IF; RETURN true;
        EXCEPTION WHEN OTHERS THEN RETURN false; END $$";
    client.batch_execute(try_cast).await.unwrap();
    let texts = json_texts();
    let query = "SELECT pg_temp.holds(s, false), pg_temp.holds(s, true) FROM unnest($1::text[]) WITH ORDINALITY AS e (s, n) ORDER BY n";
    let verdicts = client.query(query, &[&texts]).await.unwrap();
    let jsonb = Mapping { pg: PgType::Jsonb, codec: Codec::Jsonb };
    for (text, row) in texts.iter().zip(&verdicts) {
        assert_eq!(is_json(text.as_bytes()), row.get::<_, bool>(0), "json {text:?}");
        let ours = value(Value::Text(text.as_bytes()), &jsonb, &mut Vec::new());
        assert_eq!(ours.is_ok(), row.get::<_, bool>(1), "jsonb {text:?} {ours:?}");
    }
    println!("json, jsonb: {} verdicts equal", verdicts.len());
}
