//! A stopwatch for a program: wall time everywhere; where there is `/proc`, also CPU time and memory.

use super::Result;
use std::fmt::Write as _;
use std::fs::read_to_string;
use std::path::Path;
use std::process::{Child, Command, exit};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often the program is looked at: its end is seen so late at most, and its memory so long before its end.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// Exit code of a program that was ended for taking too long, as `timeout` has it.
const TOO_LONG: i32 = 124;
/// Ticks of a second in `/proc`: the same on every Linux, whatever the kernel's own clock (`getconf CLK_TCK`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Runs the program, writes lines of a name, a tab and a number to `measures`, and ends with the program's exit code.
pub(crate) fn run(measures: &Path, limit: Duration, program: &str, arguments: &[&str]) -> Result<()> {
    let (before, started) = (machine_ticks(), Instant::now());
    let mut child =
        Command::new(program).args(arguments).spawn().map_err(|error| format!("{program}: {error}"))?;
    let (code, peak_kib) = watch(&mut child, measures, started + limit)?;
    let seconds = started.elapsed().as_secs_f64();
    let mut text = format!("seconds\t{seconds:.3}\n");
    let mut number =
        |name: &str, value: Option<f64>| value.map_or(Ok(()), |value| writeln!(text, "{name}\t{value:.2}"));
    number("cpu", children_ticks().map(|ticks| ticks / TICKS_PER_SECOND))?;
    let machine = machine_ticks().zip(before).map(|(after, before)| (after - before) / TICKS_PER_SECOND);
    number("machine_cpu", machine)?;
    number("peak_kib", peak_kib)?;
    // Gone means that nobody wants it any more.
    if measures.exists() {
        std::fs::write(measures, text)?;
    }
    exit(code)
}

/// Waits until the program ends, or ends it; its exit code and its peak of memory.
fn watch(child: &mut Child, measures: &Path, until: Instant) -> Result<(i32, Option<f64>)> {
    let (status, mut peak_kib) = (format!("/proc/{}/status", child.id()), None);
    loop {
        // A peak never shrinks, so the last one that was seen counts.
        peak_kib = high_water_kib(&status).or(peak_kib);
        if let Some(status) = child.try_wait()? {
            return Ok((status.code().unwrap_or(1), peak_kib));
        }
        if !measures.exists() || Instant::now() > until {
            child.kill()?;
            child.wait()?;
            return Ok((TOO_LONG, peak_kib));
        }
        sleep(LOOK_EVERY);
    }
}

fn high_water_kib(status: &str) -> Option<f64> {
    let text = read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// User and system time of the children that ended: fields 16 and 17 of proc(5), counted behind the name.
fn children_ticks() -> Option<f64> {
    let text = read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(13)?.parse::<f64>().ok()? + fields.get(14)?.parse::<f64>().ok()?)
}

/// What all processors did but wait: user, nice, system, interrupts.
fn machine_ticks() -> Option<f64> {
    let text = read_to_string("/proc/stat").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<f64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6].iter().map(|i| ticks.get(*i).copied());
    busy.sum()
}
