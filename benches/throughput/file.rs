//! What is done with a whole file: reading it, profiling it, and turning it into frames that nobody takes.

use super::read::read_bare;
use super::tables::{self, LOG_ROWS, NARROW_ROWS, WIDE_ROWS, scaled};
use cutover::assess::job::Job;
use cutover::assess::profile::profile_table;
use cutover::assess::{self, Assessed};
use cutover::checkpoint::ScanRange;
use cutover::cli::args::{self, Command};
use cutover::cli::resolve::{self, Surroundings};
use cutover::config::Config;
use cutover::encode::{self, Frame, FrameBuilder};
use cutover::event::{Events, TaskCounters};
use cutover::limits::FRAME_QUEUE_DEPTH;
use cutover::plan::TablePlan;
use cutover::plan::target::TargetCatalog;
use cutover::sqlite::scan::scan;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// `server_version_num` of the oldest server that is planned for.
const POSTGRES_13: u32 = 130_000;
/// Rounds of the ratio, of which the median counts.
const ROUNDS: usize = 5;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| match std::env::var_os("BENCH_FILE") {
    Some(file) => PathBuf::from(file),
    None => made(),
});

fn made() -> PathBuf {
    let scale = std::env::var("BENCH_SCALE").unwrap_or_else(|_| "0.05".to_owned());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("three-{scale}.db"));
    if !file.exists() {
        let part = file.with_extension("part");
        let _ = std::fs::remove_file(&part);
        fill(&part, scale.parse().unwrap());
        std::fs::rename(&part, &file).unwrap();
    }
    file
}

fn fill(part: &Path, scale: f64) {
    let db = Connection::open(part).unwrap();
    db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN").unwrap();
    tables::narrow(&db, scaled(NARROW_ROWS, scale)).unwrap();
    tables::wide(&db, scaled(WIDE_ROWS, scale)).unwrap();
    tables::logs(&db, scaled(LOG_ROWS, scale), scaled(WIDE_ROWS, scale)).unwrap();
    db.execute_batch("COMMIT").unwrap();
}

fn file_bytes() -> u64 {
    FILE.metadata().unwrap().len()
}

fn connection() -> Connection {
    Connection::open_with_flags(&*FILE, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// The settings of `copy --validate` without further options.
fn config() -> Config {
    let line = ["cutover", "copy", "--validate", "--to", "embedded", "--from"].map(OsString::from);
    let line: Vec<OsString> = line.into_iter().chain([FILE.clone().into_os_string()]).collect();
    let Command::Copy(arguments) = args::parse(&line).unwrap().command else { panic!("copy is not copy") };
    let around = Surroundings { variable: &|_| None, cores: 1 };
    resolve::copy(&arguments, &around).unwrap().1.config
}

/// What a run does before it plans: one scan of every table.
fn profile(job: &Job, config: &Config) -> u64 {
    let counters = TaskCounters::default();
    let tables = job.selected.iter().map(|at| &job.catalog.tables[*at]);
    tables.map(|table| profile_table(job, table, config, &counters).unwrap().rows).sum()
}

#[divan::bench(sample_count = 10)]
fn file_read_bare(bencher: Bencher<'_, '_>) {
    let connection = connection();
    bencher.counter(BytesCount::new(file_bytes())).bench_local(|| read_bare(&connection).unwrap());
}

#[divan::bench(sample_count = 10)]
fn file_profile(bencher: Bencher<'_, '_>) {
    let config = config();
    let job = Job::open(&FILE, &config).unwrap();
    bencher.counter(BytesCount::new(file_bytes())).bench_local(|| profile(&job, &config));
}

/// The plan of the file for an empty database.
fn planned() -> Assessed {
    let config = config();
    let target =
        TargetCatalog { server_version_num: POSTGRES_13, schema_exists: true, ..TargetCatalog::default() };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let assessed = runtime.block_on(async {
        let jobs = assess::open(&config).await.unwrap();
        assess::plan_against(jobs, &config, &Events::silent(), target).await.unwrap()
    });
    assessed.into_iter().next().unwrap()
}

/// Each cell as the copy sees it, and nothing made of it.
fn scan_table(job: &Job, table: &TablePlan) -> u64 {
    let (reader, mut rows) = (job.source.reader().unwrap(), 0);
    scan(&reader, &job.scan_of_plan(table), &ScanRange::WHOLE, |row| {
        for i in 0..table.columns.len() {
            black_box(row.value(i)?);
        }
        rows += 1;
        Ok(())
    })
    .unwrap();
    rows
}

/// Scan and encoding, the frames into `frames`: the copy's reader without the digest.
fn send_table(job: &Job, table: &TablePlan, frames: &mpsc::Sender<Frame>) {
    let (reader, mut builder) = (job.source.reader().unwrap(), FrameBuilder::new());
    scan(&reader, &job.scan_of_plan(table), &ScanRange::WHOLE, |row| {
        encode::begin_row(table.columns.len() as u16, builder.buffer());
        for (i, column) in table.columns.iter().enumerate() {
            encode::value(row.value(i)?, &column.mapping, builder.buffer()).unwrap();
        }
        builder.end_row();
        if let Some(frame) = builder.take_if_full() {
            frames.blocking_send(frame).unwrap();
        }
        Ok(())
    })
    .unwrap();
    frames.blocking_send(builder.finish()).unwrap();
}

#[divan::bench(sample_count = 10)]
fn file_scan(bencher: Bencher<'_, '_>) {
    let Assessed { job, plan, .. } = planned();
    let run = || plan.tables.iter().map(|table| scan_table(&job, table)).sum::<u64>();
    bencher.counter(BytesCount::new(file_bytes())).bench_local(run);
}

#[divan::bench(sample_count = 10)]
fn file_frames(bencher: Bencher<'_, '_>) {
    let Assessed { job, plan, .. } = planned();
    let run = || {
        let (frames, mut received) = mpsc::channel::<Frame>(FRAME_QUEUE_DEPTH);
        std::thread::scope(|scope| {
            scope.spawn(move || while received.blocking_recv().is_some() {});
            plan.tables.iter().for_each(|table| send_table(&job, table, &frames));
            drop(frames);
        });
    };
    bencher.counter(BytesCount::new(file_bytes())).bench_local(run);
}

/// Frames alone: bytes that are there already, through the bounded channel to a thread that drops them.
#[divan::bench(sample_count = 10)]
fn sink_nothing(bencher: Bencher<'_, '_>) {
    let mut builder = FrameBuilder::new();
    builder.buffer().resize(cutover::limits::FRAME_BYTES, 0);
    let frame = builder.finish();
    let count = 1024;
    bencher.counter(BytesCount::new(frame.bytes.len() * count)).bench_local(|| {
        let (frames, mut received) = mpsc::channel::<Frame>(FRAME_QUEUE_DEPTH);
        std::thread::scope(|scope| {
            scope.spawn(move || while received.blocking_recv().is_some() {});
            (0..count).for_each(|_| frames.blocking_send(frame.clone()).unwrap());
            drop(frames);
        });
    });
}

/// Bare read and profile by turns, so that what else the machine does weighs on both.
pub(crate) fn ratio() {
    let (connection, config) = (connection(), config());
    let job = Job::open(&FILE, &config).unwrap();
    let time = |run: &dyn Fn() -> u64| {
        let started = Instant::now();
        black_box(run());
        started.elapsed()
    };
    let rounds: Vec<(Duration, Duration)> = (0..ROUNDS)
        .map(|_| (time(&|| read_bare(&connection).unwrap()), time(&|| profile(&job, &config))))
        .collect();
    let mut ratios: Vec<f64> =
        rounds.iter().map(|(bare, all)| all.as_secs_f64() / bare.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    let speed = |time: fn(&(Duration, Duration)) -> Duration| {
        let best = rounds.iter().map(time).min().unwrap_or_default();
        file_bytes() as f64 / 1e6 / best.as_secs_f64()
    };
    println!(
        "{:.0} MB: bare read {:.0} MB/s, profile {:.0} MB/s (best of {ROUNDS}); profile / bare read {:.2} (median)",
        file_bytes() as f64 / 1e6,
        speed(|round| round.0),
        speed(|round| round.1),
        ratios[ROUNDS / 2]
    );
}
