//! `schema translate` and `schema check`: scripts in, scripts and findings out.

use super::args_scripts::{CheckArgs, TranslateArgs};
use super::resolve::scripts as resolve;
use super::run::write_new;
use super::schema::value;
use super::{complain, exit, print, runtime};
use crate::dialect::Script;
use crate::drift;
use crate::embedded::Cluster;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::pipeline::target;
use crate::report::{self, ProgressStyle, human};
use crate::schema;
use serde_json::json;

/// `schema translate`: gives the exit code.
///
/// # Errors
/// Usage, a source fault, a refusal.
pub(super) fn translate(args: &TranslateArgs) -> Result<u8> {
    let resolve::Translate { config, scripts, out, left_out } = resolve::translate(args)?;
    for path in &left_out {
        let path = human::text(&path.display().to_string());
        complain(&format!("{path}: left out: it takes back what another one does\n"));
    }
    for script in &scripts {
        if let Some(line) = script.down {
            complain(&format!("{}:{line}: left out: the Down part\n", human::text(&script.name)));
        }
    }
    let translated = schema::translate(&scripts, &config)?;
    for (place, script) in translated.iter().enumerate() {
        match out.as_ref().and_then(|places| places.get(place)) {
            Some(path) => write_new("--out", path, &script.text)?,
            None => print(&script.text),
        }
    }
    Ok(tell(&translated))
}

/// What is not translated, on stderr: gives the exit code.
fn tell<'a>(scripts: impl IntoIterator<Item = &'a Script>) -> u8 {
    let mut code = exit::DONE;
    for script in scripts {
        for problem in &script.problems {
            let (name, why) = (human::text(&script.name), human::text(&problem.why));
            complain(&format!("{name}:{}: not translated: {why}\n", problem.line));
            code = exit::DIFFERS;
        }
    }
    code
}

/// `schema check`: gives the exit code.
///
/// # Errors
/// Usage, a source or target fault, a refusal.
pub(super) fn check(args: &CheckArgs) -> Result<u8> {
    let config = resolve::dialect(&args.target)?;
    let mut code = exit::DONE;
    let mut written = Vec::new();
    if args.write_missing {
        let missing = schema::missing(&args.dir, &config)?;
        for one in &missing {
            write_new("--write-missing", &one.path, &one.script.text)?;
            complain(&format!("written: {}\n", human::text(&one.path.display().to_string())));
            written.push(one.path.display().to_string());
        }
        code = tell(missing.iter().map(|one| &one.script));
    }
    let server = match args.run {
        true => {
            let url = Cluster::open_default()?.start()?.url();
            Some(target::connector(&url.0, &|_| None, &std::process::id().to_string())?)
        }
        false => None,
    };
    let wanted = schema::WantedCheck { config, dir: args.dir.clone(), server };
    let events = Events::new(report::observer(ProgressStyle::Off));
    let checked = runtime(1)?.block_on(schema::check(&wanted, &events))?;
    let is_equal = checked.diff.as_ref().is_none_or(|diff| diff.found.drifts.is_empty());
    if !checked.faults.is_empty() || !is_equal {
        code = exit::DIFFERS;
    }
    print(&if args.json { check_json(&checked, &written, code)? } else { check_text(&checked) });
    Ok(code)
}

fn check_json(checked: &schema::Checked, written: &[String], code: u8) -> Result<String> {
    let value = json!({
        "format": 1, "ok": code == exit::DONE, "migrations": checked.migrations, "faults": checked.faults,
        "written": written, "diff": checked.diff.as_ref().map(value),
    });
    let text = serde_json::to_string_pretty(&value)
        .map_err(|cause| Error::internal("the check cannot be written down").cause(cause))?;
    Ok(format!("{text}\n"))
}

fn check_text(checked: &schema::Checked) -> String {
    let mut text = String::new();
    for fault in &checked.faults {
        text += &format!("{}: {}: {}\n", fault.kind, human::text(&fault.object), human::text(&fault.message));
    }
    if let Some(diff) = &checked.diff {
        text += &drift::text(&diff.found, "the SQLite side", "the PostgreSQL side");
    }
    let faults = checked.faults.len() as u64;
    let migrations = human::plural(checked.migrations as u64, "migration");
    text += &match faults {
        0 => format!("{migrations}, each with both sides\n"),
        _ => format!("{migrations}, {}\n", human::plural(faults, "fault")),
    };
    text
}
