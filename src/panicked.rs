//! Panics: where it happened is told, what it said is not. The messages of a panic may quote what it stumbled over, and
//! that may be a cell's value.

use crate::error::{Error, Result};
use std::cell::Cell;
use std::panic::PanicHookInfo;
use std::sync::OnceLock;

static FIRST: OnceLock<String> = OnceLock::new();

thread_local! {
    static MATTERS: Cell<bool> = const { Cell::new(true) };
}

/// What panics on this thread is told, and bears on nothing else: it only draws.
pub fn does_not_matter_here() {
    MATTERS.set(false);
}

/// Has every panic of this process noted, and told by `say`, in one line that names the place and shows no value.
pub fn tell(say: impl Fn(&str) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        let place = place(info);
        say(&format!(
            "error: a mistake of this program: it panicked at {place}\n\
             help: what was committed stays, and the same command goes on from there; please report this line\n"
        ));
        if MATTERS.get() {
            let _ = FIRST.set(place);
        }
    }));
}

fn place(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    match std::thread::current().name() {
        Some(name) => format!("{place} (thread \"{name}\")"),
        None => place,
    }
}

/// Whether something has panicked, of which [`tell`] was told.
pub fn has_happened() -> bool {
    FIRST.get().is_some()
}

/// That nothing has panicked: a task whose work was done, or was not awaited, may have, and no run in which that happened
/// is called a success.
///
/// # Errors
/// [`error`].
pub fn check() -> Result<()> {
    if has_happened() { Err(error()) } else { Ok(()) }
}

/// The error of a run in which something panicked.
pub fn error() -> Error {
    let message = match FIRST.get() {
        Some(place) => format!("a task of this program panicked at {place}"),
        None => "a task of this program panicked".to_owned(),
    };
    Error::internal(message).remedy("run the same command again to resume; please report this message")
}
