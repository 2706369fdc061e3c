//! How fast the inner loops are, without a server: reading every cell against profiling it, each stage of a copy alone.
//!
//! `cargo bench --bench throughput` runs all; with `-- encode` those whose name has `encode` in it. `BENCH_FILE` names a SQLite
//! file to read, else one is made, the set `three` of `benches/data` with `BENCH_SCALE` (0.05, which is about 75 MB), and
//! kept in `target/tmp`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark that cannot go on says so by panicking")]

#[path = "throughput/file.rs"]
mod file;
#[path = "data/random.rs"]
mod random;
#[path = "data/read.rs"]
mod read;
#[path = "data/tables.rs"]
mod tables;

use cutover::digest::{ChunkDigests, Fields, TupleReader, table_key};
use cutover::encode;
use cutover::plan::types::{Codec, Fraction, Mapping, PgType, Template, Zone};
use cutover::value::Value;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use std::sync::LazyLock;

/// Values of one sample: enough to leave the first-level cache, few enough for many rounds.
const VALUES: u64 = 4096;
/// Values of one row where rows are hashed.
const ROW_VALUES: usize = 8;

fn main() {
    // What cargo passes, so that `cargo test --benches` only checks that everything runs.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    divan::main();
    if is_measured {
        file::ratio();
    }
}

/// A value that does not borrow.
enum Cell {
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Cell::Integer(integer) => Value::Integer(*integer),
            Cell::Real(real) => Value::Real(*real),
            Cell::Text(text) => Value::Text(text.as_bytes()),
            Cell::Blob(bytes) => Value::Blob(bytes),
        }
    }

    /// Bytes as SQLite holds them, roughly.
    fn bytes(&self) -> usize {
        match self {
            Cell::Integer(_) | Cell::Real(_) => 8,
            Cell::Text(text) => text.len(),
            Cell::Blob(bytes) => bytes.len(),
        }
    }
}

/// A column and what is in it.
struct Sample {
    name: &'static str,
    mapping: Mapping,
    cells: Vec<Cell>,
}

fn sample(name: &'static str, pg: PgType, codec: Codec, cell: impl Fn(u64) -> Cell) -> Sample {
    let cells = (0..VALUES).map(|i| cell(i.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    Sample { name, mapping: Mapping { pg, codec }, cells }
}

static SAMPLES: LazyLock<Vec<Sample>> =
    LazyLock::new(|| numbers().into_iter().chain(texts()).chain(moments()).chain(newer()).collect());

fn names() -> impl Iterator<Item = &'static str> {
    SAMPLES.iter().map(|sample| sample.name)
}

fn numbers() -> Vec<Sample> {
    let integer = |i: u64| Cell::Integer(i.cast_signed() >> 20);
    let real = |i: u64| Cell::Real((i.cast_signed() >> 12) as f64 / 997.0);
    let cents = |i: u64| Cell::Real(((i >> 44) + 1) as f64 / 100.0);
    let either = move |i: u64| if i & 64 == 0 { integer(i) } else { cents(i) };
    vec![
        sample("bool", PgType::Bool, Codec::Bool, |i| Cell::Integer((i >> 63).cast_signed())),
        sample("int", PgType::Int8, Codec::Int, integer),
        sample("float", PgType::Float8, Codec::Float, real),
        sample("number_integer", PgType::Numeric(None), Codec::NumberByValue, integer),
        sample("number_cents", PgType::Numeric(None), Codec::NumberByValue, cents),
        sample("number_14_2", PgType::Numeric(Some((14, 2))), Codec::NumberByValue, cents),
        sample("text_form_numbers", PgType::Text, Codec::TextForm, either),
    ]
}

fn texts() -> Vec<Sample> {
    let short = |i: u64| Cell::Text(format!("code-{i:016x}"));
    let words = |i: u64| Cell::Text(format!("What happened at step {i} — naïve café ☕ ").repeat(3));
    let json = |i: u64| {
        let text = format!(
            "{{\"title\":\"Item {i}\",\"labels\":[\"a\",\"b\"],\"nested\":{{\"x\":{},\"y\":1.5}}}}",
            i >> 40
        );
        Cell::Text(text)
    };
    let blob = |i: u64| Cell::Blob(i.to_be_bytes().repeat(1 + i as usize % 25));
    let uuid = |i: u64| Cell::Text(format!("{:08x}-0000-4000-8000-{:012x}", i >> 32, i >> 16));
    vec![
        sample("text_short", PgType::Text, Codec::Text, short),
        sample("text_words", PgType::Text, Codec::Text, words),
        sample("text_varchar", PgType::Varchar(Some(200)), Codec::Text, words),
        sample("text_form", PgType::Text, Codec::TextForm, words),
        sample("json", PgType::Json, Codec::Json, json),
        sample("jsonb", PgType::Jsonb, Codec::Jsonb, json),
        sample("blob", PgType::Bytea, Codec::Blob, blob),
        sample("bytes_form", PgType::Bytea, Codec::BytesForm, words),
        sample("uuid", PgType::Uuid, Codec::Uuid, uuid),
        sample("uuid_any", PgType::Uuid, Codec::UuidAny, |i| {
            Cell::Blob([i.to_be_bytes(), i.to_le_bytes()].concat())
        }),
    ]
}

fn moments() -> Vec<Sample> {
    let date =
        |i: u64| format!("{:04}-{:02}-{:02}", 1900 + (i >> 57), 1 + (i >> 40) % 12, 1 + (i >> 20) % 28);
    let time = |i: u64| format!("{:02}:{:02}:{:02}", (i >> 50) % 24, (i >> 30) % 60, (i >> 10) % 60);
    let stamp = move |i: u64| Cell::Text(format!("{} {}", date(i), time(i)));
    let zoned = move |i: u64| Cell::Text(format!("{}T{}.{:03}Z", date(i), time(i), i % 1000));
    let template =
        |separator, fraction, zone| Codec::Stamp(Template { separator, seconds: true, fraction, zone });
    vec![
        sample("date", PgType::Date, Codec::Date, move |i| Cell::Text(date(i))),
        sample("stamp", PgType::Timestamp(6), template(' ', Fraction::Fixed(0), Zone::None), stamp),
        sample("stamp_zone", PgType::Timestamptz(6), template('T', Fraction::Fixed(3), Zone::Z), zoned),
        sample("any_timestamp", PgType::Timestamp(6), Codec::AnyTimestamp, stamp),
        sample("any_timestamptz", PgType::Timestamptz(6), Codec::AnyTimestamptz, zoned),
        sample("any_time", PgType::Time(6), Codec::AnyTime, move |i| Cell::Text(time(i))),
    ]
}

/// Apart from the others: a comparison with an older version of the program leaves these out.
fn newer() -> Vec<Sample> {
    use cutover::plan::types::{UuidOrder, UuidStyle};
    let style = UuidStyle { upper: true, hyphens: false, braces: false };
    let upper = |i: u64| Cell::Text(format!("{i:016X}{i:016X}"));
    let address = |i: u64| Cell::Text(format!("10.{}.{}.{}/32", i >> 56, (i >> 40) & 255, (i >> 20) & 255));
    let flag = Codec::FlagText { yes: "yes".to_owned(), no: "no".to_owned() };
    let word = |i: u64| Cell::Text(if i >> 63 == 0 { "no" } else { "yes" }.to_owned());
    let label = Codec::Label(["new", "open", "done"].map(str::to_owned).to_vec());
    vec![
        sample("uuid_style", PgType::Uuid, Codec::UuidStyle(style), upper),
        sample("uuid_blob", PgType::Uuid, Codec::UuidBlob(UuidOrder::Dotnet), |i| {
            Cell::Blob(i.to_be_bytes().repeat(2))
        }),
        sample("network", PgType::Inet, Codec::Network, address),
        sample("flag_text", PgType::Bool, flag, word),
        sample("label", PgType::Enum, label, |i| {
            Cell::Text(if i & 1 == 0 { "open" } else { "done" }.to_owned())
        }),
        sample("tagged_integer", PgType::Bytea, Codec::Tagged, |i| Cell::Integer(i.cast_signed())),
        sample("tagged_text", PgType::Bytea, Codec::Tagged, |i| Cell::Text(format!("code-{i:016x}"))),
    ]
}

fn find(name: &str) -> &'static Sample {
    SAMPLES.iter().find(|sample| sample.name == name).unwrap()
}

impl Sample {
    fn source_bytes(&self) -> BytesCount {
        BytesCount::new(self.cells.iter().map(Cell::bytes).sum::<usize>())
    }

    /// Every value as its field, without the length before it.
    fn fields(&self) -> Vec<Vec<u8>> {
        let field = |cell: &Cell| {
            let mut out = Vec::new();
            encode::value(cell.value(), &self.mapping, &mut out).unwrap();
            out.split_off(4)
        };
        self.cells.iter().map(field).collect()
    }
}

#[divan::bench(args = names())]
fn encode_value(bencher: Bencher<'_, '_>, name: &str) {
    let sample = find(name);
    let mut out = Vec::with_capacity(1 << 20);
    bencher.counter(ItemsCount::new(VALUES)).counter(sample.source_bytes()).bench_local(|| {
        out.clear();
        for cell in &sample.cells {
            encode::value(black_box(cell.value()), &sample.mapping, &mut out).unwrap();
        }
        out.len()
    });
}

#[divan::bench(args = names())]
fn digest_source(bencher: Bencher<'_, '_>, name: &str) {
    let sample = find(name);
    let mut digests = ChunkDigests::new(table_key("bench", ROW_VALUES), 1);
    bencher.counter(ItemsCount::new(VALUES)).counter(sample.source_bytes()).bench_local(|| {
        for row in sample.cells.chunks(ROW_VALUES) {
            row.iter().for_each(|cell| digests.row().source_value(black_box(cell.value()), &sample.mapping));
            digests.end_row(0);
        }
    });
}

#[divan::bench(args = names())]
fn digest_target(bencher: Bencher<'_, '_>, name: &str) {
    let sample = find(name);
    let fields = sample.fields();
    let bytes = BytesCount::new(fields.iter().map(Vec::len).sum::<usize>());
    let mut digests = ChunkDigests::new(table_key("bench", ROW_VALUES), 1);
    bencher.counter(ItemsCount::new(VALUES)).counter(bytes).bench_local(|| {
        for row in fields.chunks(ROW_VALUES) {
            row.iter().for_each(|field| digests.row().target_field(black_box(Some(field)), &sample.mapping));
            digests.end_row(0);
        }
    });
}

/// Whole rows, as a copy and a verification hash them: the sum of a chunk's rows, not only the form of one value.
struct RowsOf {
    columns: Vec<&'static Sample>,
    fields: Vec<Vec<Vec<u8>>>,
}

fn rows_of(shape: &str) -> RowsOf {
    let names = ["int", "int", "float", "text_short"];
    let count = if shape == "narrow" { names.len() } else { 40 };
    let columns: Vec<&'static Sample> = names.into_iter().cycle().take(count).map(find).collect();
    let fields = columns.iter().map(|column| column.fields()).collect();
    RowsOf { columns, fields }
}

#[divan::bench(args = ["narrow", "wide"])]
fn digest_rows_source(bencher: Bencher<'_, '_>, shape: &str) {
    let rows = rows_of(shape);
    let key = table_key("bench", rows.columns.len());
    bencher.counter(ItemsCount::new(VALUES)).bench_local(|| {
        let mut digests = ChunkDigests::new(key, 1);
        for row in 0..VALUES as usize {
            for column in &rows.columns {
                digests.row().source_value(black_box(column.cells[row].value()), &column.mapping);
            }
            digests.end_row(0);
        }
        digests.finish()
    });
}

/// The rows as COPY sends them: header, then a message each.
fn messages(rows: &RowsOf) -> Vec<Vec<u8>> {
    let header = [b"PGCOPY\n\xff\r\n\0".as_slice(), &[0; 8]].concat();
    let message = |row: usize| {
        let mut bytes = (rows.columns.len() as u16).to_be_bytes().to_vec();
        for fields in &rows.fields {
            bytes.extend_from_slice(&(fields[row].len() as u32).to_be_bytes());
            bytes.extend_from_slice(&fields[row]);
        }
        bytes
    };
    std::iter::once(header).chain((0..VALUES as usize).map(message)).collect()
}

#[divan::bench(args = ["narrow", "wide"])]
fn digest_rows_received(bencher: Bencher<'_, '_>, shape: &str) {
    let rows = rows_of(shape);
    let (key, messages) = (table_key("bench", rows.columns.len()), messages(&rows));
    bencher.counter(ItemsCount::new(VALUES)).bench_local(|| {
        let mut digests = ChunkDigests::new(key, 1);
        let mut reader = TupleReader::new(rows.columns.len());
        for message in &messages {
            let row = |fields: &Fields<'_>| {
                for (field, column) in fields.iter().zip(&rows.columns) {
                    digests.row().target_field(field, &column.mapping);
                }
                digests.end_row(0);
            };
            reader.feed(black_box(message), row).unwrap();
        }
        digests.finish()
    });
}

#[divan::bench(args = ["narrow", "wide"])]
fn digest_rows_target(bencher: Bencher<'_, '_>, shape: &str) {
    let rows = rows_of(shape);
    let key = table_key("bench", rows.columns.len());
    bencher.counter(ItemsCount::new(VALUES)).bench_local(|| {
        let mut digests = ChunkDigests::new(key, 1);
        for row in 0..VALUES as usize {
            for (column, fields) in rows.columns.iter().zip(&rows.fields) {
                digests.row().target_field(black_box(Some(&fields[row])), &column.mapping);
            }
            digests.end_row(0);
        }
        digests.finish()
    });
}
