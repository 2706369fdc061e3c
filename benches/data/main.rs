//! What `scripts/bench.sh` needs besides a shell: the data, a stopwatch, a slow line, and the page that tells the results.
//!
//! `cargo bench --bench data -- SET SCALE FILE` writes a SQLite file; without arguments it says what else there is.

mod app;
mod facts;
mod proxy;
mod random;
mod ratios;
mod read;
mod report;
mod run;
mod sets;
mod tables;

use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::{Duration, Instant};

/// What can go wrong here is told to the one who called, and nobody else.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
SET SCALE FILE                      write the set's rows, SCALE times as many, to FILE; the same for the same SCALE
                                    (narrow, wide, logs, three, blobs, many, app)
read FILE                           seconds that reading every cell once takes
run MEASURES LIMIT COMMAND…         run it for LIMIT seconds at most; time, CPU and memory go into MEASURES,
                                    an empty file; it is ended when that is removed
facts REPORT EVENTS                 the phases and tables of a copy, from its report and its events
proxy PORT HOST:PORT MILLISECONDS   hand bytes on, each so much later; says its port, which it chooses where PORT is 0
report RESULTS PAGE                 write what was measured into the page";

fn main() {
    // What cargo passes of its own accord.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Err(error) = act(&words) {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

fn act(words: &[&str]) -> Result<()> {
    match words {
        [] => {
            println!("{USAGE}");
            Ok(())
        }
        ["read", file] => read_file(file),
        ["run", measures, limit, program, arguments @ ..] => {
            run::run(Path::new(measures), Duration::from_secs(limit.parse()?), program, arguments)
        }
        ["facts", report, events] => facts::print(report, events),
        ["proxy", port, target, delay] => {
            proxy::serve(port.parse()?, target, Duration::from_millis(delay.parse()?))
        }
        ["report", results, page] => report::write(results, page),
        [set, scale, file] => sets::make(set, scale.parse()?, Path::new(file)),
        _ => Err(USAGE.into()),
    }
}

fn read_file(file: &str) -> Result<()> {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let started = Instant::now();
    std::hint::black_box(read::read_bare(&db)?);
    println!("{:.3}", started.elapsed().as_secs_f64());
    Ok(())
}
