//! `schema translate` and `schema check`: scripts in, scripts and findings out.

use super::args_scripts::TranslateArgs;
use super::resolve::scripts as resolve;
use super::run::write_new;
use super::{complain, exit, print};
use crate::error::Result;
use crate::report::human;
use crate::schema;

/// `schema translate`: gives the exit code.
///
/// # Errors
/// Usage, a source fault, a refusal.
pub(super) fn translate(args: &TranslateArgs) -> Result<u8> {
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
