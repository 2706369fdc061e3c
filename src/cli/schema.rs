//! `schema`: scripts and comparisons of schemas.

use super::args_schema::{SchemaAction, ShowArgs, TranslateArgs};
use super::resolve::{Surroundings, Variables, schema as resolve};
use super::run::{connector, write_new};
use super::{complain, exit, print, runtime};
use crate::config::TargetAddress;
use crate::error::Result;
use crate::event::Events;
use crate::report::{self, ProgressStyle, human};
use crate::schema;

/// `schema …`: gives the exit code.
///
/// # Errors
/// Usage, a source or target fault, a refusal.
pub(super) fn run(action: &SchemaAction, around: &Surroundings<'_>) -> Result<u8> {
    match action {
        SchemaAction::Show(args) => show(args, around),
        SchemaAction::Translate(args) => translate(args),
    }
}

fn show(args: &ShowArgs, around: &Surroundings<'_>) -> Result<u8> {
    let resolve::Show { config, sections, out } = resolve::show(args, around)?;
    let variables = Variables::read(around, args.env_file.as_deref())?;
    let connector = match &config.target {
        TargetAddress::Nowhere => None,
        target => Some(connector(target, &variables)?),
    };
    let wanted = schema::Wanted { config, connector, sections };
    let events = Events::new(report::observer(ProgressStyle::Off));
    let script = runtime()?.block_on(schema::show(&wanted, &events))?;
    match out {
        Some(path) => {
            write_new("--out", &path, &script)?;
            complain(&format!("the script is written to {}\n", path.display()));
        }
        None => print(&script),
    }
    Ok(exit::DONE)
}

fn translate(args: &TranslateArgs) -> Result<u8> {
    let resolve::Translate { config, scripts, out } = resolve::translate(args)?;
    let translated = schema::translate(&scripts, &config)?;
    for (place, script) in translated.iter().enumerate() {
        match out.as_ref().and_then(|places| places.get(place)) {
            Some(path) => write_new("--out", path, &script.text)?,
            None => print(&script.text),
        }
    }
    let mut code = exit::DONE;
    for script in &translated {
        for problem in &script.problems {
            let (name, why) = (human::text(&script.name), human::text(&problem.why));
            complain(&format!("{name}:{}: not translated: {why}\n", problem.line));
            code = exit::DIFFERS;
        }
    }
    Ok(code)
}
