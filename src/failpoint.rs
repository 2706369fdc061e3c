//! Named points where a test may plant a failure. Without the feature `failpoints` they are nothing at all.
//!
//! `CUTOVER_FAILPOINTS="name=action[:nth],…"` with the actions `kill` (SIGKILL to ourselves, by abort), `error`
//! and `on` (the point's own meaning). The nth passage, counted from 1, triggers; without a number, every one.

/// After COPY has ended, before its COMMIT is sent.
pub const BEFORE_COMMIT: &str = "before_commit";
/// After the COMMIT of a chunk was acknowledged.
pub const AFTER_COMMIT: &str = "after_commit";
/// Before one transaction of steps after the data.
pub const BEFORE_STEP: &str = "before_step";
/// The encoder writes a wrong integer: verification must see it.
pub const ENCODER_BROKEN: &str = "encoder_broken";

/// What a triggered point asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// nothing: go on
    Pass,
    /// fail with an error of the caller's own
    Fail,
    /// do the point's own mischief
    On,
}

/// Passes the point `name`.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn pass(_name: &str) -> Action {
    Action::Pass
}

/// Passes the point `name`: counts it, and does what `CUTOVER_FAILPOINTS` says.
#[cfg(feature = "failpoints")]
pub fn pass(name: &str) -> Action {
    use std::collections::HashMap;
    use std::sync::{Mutex, PoisonError};
    static PASSED: Mutex<Option<HashMap<String, u64>>> = Mutex::new(None);

    let Some((action, nth)) = planted(name) else { return Action::Pass };
    let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    let count = passed.get_or_insert_with(HashMap::new).entry(name.to_owned()).or_insert(0);
    *count += 1;
    if nth.is_some_and(|nth| nth != *count) {
        return Action::Pass;
    }
    match action.as_str() {
        "kill" => std::process::abort(),
        "error" => Action::Fail,
        _ => Action::On,
    }
}

#[cfg(feature = "failpoints")]
fn planted(name: &str) -> Option<(String, Option<u64>)> {
    use std::sync::OnceLock;
    static SCRIPT: OnceLock<String> = OnceLock::new();
    let script = SCRIPT.get_or_init(|| std::env::var("CUTOVER_FAILPOINTS").unwrap_or_default());
    script.split(',').find_map(|entry| {
        let (point, action) = entry.split_once('=')?;
        let (action, nth) = action.split_once(':').map_or((action, None), |(a, n)| (a, n.parse().ok()));
        (point == name).then(|| (action.to_owned(), nth))
    })
}
