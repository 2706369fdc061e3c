//! What is left of an earlier run: pure decisions over the ledger's rows.

use crate::assess::job::Job;
use crate::catalog::Table;
use crate::checkpoint::ChunkSpec;
use crate::config::{CommentPolicy, Config, GeneratedPolicy, TriggerPolicy};
use crate::digest::text_hash;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, Way};
use crate::plan::{PLAN_FORMAT, Plan};
use crate::postgres::ledger::{ChunkState, SourceState};

/// The options that bear on a plan, as the ledger keeps them: a run resumes only into the same world.
pub fn options_text(config: &Config) -> String {
    let mut text = format!(
        "create={:?} existing={:?} orphans={:?} names={:?} infer={:?} mixed={:?} on_bad_value={:?}",
        config.create,
        config.existing,
        config.orphans,
        config.names,
        config.infer,
        config.mixed,
        config.on_bad_value
    );
    // What is not said is as it was before there was a word for it.
    if config.generated != GeneratedPolicy::Values {
        text += &format!(" generated={:?}", config.generated);
    }
    if config.triggers != TriggerPolicy::List {
        text += &format!(" triggers={:?}", config.triggers);
    }
    if config.comments != CommentPolicy::On {
        text += &format!(" comments={:?}", config.comments);
    }
    if let Some(zone) = &config.naive_tz {
        text += &format!(" naive_tz={zone}");
    }
    if !config.settings.says_nothing_of_tables() {
        // The rules may be long; that they are the same is all that matters.
        let hash = text_hash(&config.settings.canonical());
        text += &format!(" tables={}", hash.get(..12).unwrap_or(&hash));
    }
    text
}

/// Whether the ledger's source may be gone on with. `fingerprint` is the source's, now.
///
/// # Errors
/// A refusal that names the ways out.
pub fn check(state: &SourceState, config: &Config, fingerprint: &str) -> Result<Resume> {
    let options = options_text(config);
    if state.options != options {
        let message = format!(
            "the earlier copy of \"{}\" was begun with other options ({}; now {options})",
            state.path, state.options
        );
        let reason = reason("E_OTHER_OPTIONS", state, &message);
        return Err(Error::refused(message, vec![reason.or("or the same options again")])
            .remedy("use the same options again, or begin anew with --restart"));
    }
    if state.fingerprint == fingerprint {
        return Ok(Resume::Continue);
    }
    if config.reverify {
        return Ok(Resume::Reverify);
    }
    let message = format!("the source \"{}\" has changed since its copy was begun", state.path);
    let reason = reason("E_SOURCE_CHANGED", state, &message).way(Way::Option("--reverify".to_owned()));
    Err(Error::refused(message, vec![reason]).remedy(
        "use --restart to begin anew, or --reverify to read every finished chunk again and go on if all are still the same",
    ))
}

/// A reason against going on with what the ledger has; to begin anew is always a way.
fn reason(code: &str, state: &SourceState, message: &str) -> Finding {
    Finding::new(code, Severity::Refusal, state.path.clone(), message)
        .way(Way::Option("--restart".to_owned()))
}

/// Whether the plan that was begun has every table that is selected now.
///
/// # Errors
/// A refusal that names the ways out.
pub fn check_selected(state: &SourceState, plan: &Plan, job: &Job) -> Result<()> {
    let is_planned = |table: &Table| plan.tables.iter().any(|planned| planned.source == table.name);
    let Some(table) = job.tables().find(|table| !is_planned(table)) else { return Ok(()) };
    let message =
        format!("table \"{}\" was not selected when the copy of \"{}\" was begun", table.name, state.path);
    let reason = reason("E_NOT_SELECTED", state, &message).or("or the same --table and --exclude again");
    Err(Error::refused(message, vec![reason])
        .remedy("finish that copy with the same --table and --exclude, or begin anew with --restart"))
}

/// How to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// the source is as it was
    Continue,
    /// the source was written: finished chunks must be read again and be the same
    Reverify,
}

/// The plan that the ledger keeps, to go on with it or to compare with it.
///
/// # Errors
/// A refusal where another version wrote it: its digests cannot be compared with ours, all would seem to differ.
pub fn stored_plan(state: &SourceState) -> Result<Plan> {
    let plan = plan_to_undo(state)?;
    if plan.format != PLAN_FORMAT {
        return Err(of_another_version(state, plan.format, |reason| reason).remedy(
            "begin anew with `cutover copy --migrate --restart`, or use the version of cutover that wrote it",
        ));
    }
    Ok(plan)
}

/// The plan that the ledger keeps, to undo what was made by it: that of an earlier version will do.
///
/// # Errors
/// A refusal where a newer version wrote it, or none that we know.
pub fn plan_to_undo(state: &SourceState) -> Result<Plan> {
    let plan: Plan = serde_json::from_str(&state.plan).map_err(|error| {
        let message = format!("the ledger's plan of \"{}\" cannot be read", state.path);
        let reason = reason(FORMAT, state, &message).fix(NOT_OURS);
        Error::refused(message, vec![reason]).cause(error).remedy(NOT_OURS)
    })?;
    if plan.format > PLAN_FORMAT {
        return Err(of_another_version(state, plan.format, |reason| reason.fix(NOT_OURS)).remedy(NOT_OURS));
    }
    Ok(plan)
}

/// `--restart` does not help there: it would have to know what that version made.
const NOT_OURS: &str = "use the version of cutover that wrote it, \
    or drop what it copied by hand, remove the ledger with `cutover clean`, and copy again";

const FORMAT: &str = "E_LEDGER_FORMAT";

fn of_another_version(state: &SourceState, format: u32, way: fn(Finding) -> Finding) -> Error {
    let message = format!(
        "the ledger's plan of \"{}\" has format {format}; this version knows {PLAN_FORMAT}",
        state.path
    );
    let reason = way(reason(FORMAT, state, &message));
    Error::refused(message, vec![reason])
}

/// Chunks of `table` in the ledger.
pub fn chunks_of<'a>(state: &'a SourceState, table: &'a str) -> impl Iterator<Item = &'a ChunkState> {
    state.chunks.iter().filter(move |chunk| chunk.table == table)
}

/// Chunks that are still to be copied, of the tables for which `wanted` holds.
pub fn left<'a>(
    state: &'a SourceState,
    wanted: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = (&'a str, &'a ChunkSpec)> {
    let open = state.chunks.iter().filter(|chunk| chunk.digest.is_none());
    open.filter(move |chunk| wanted(&chunk.table)).map(|chunk| (chunk.table.as_str(), &chunk.spec))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::ScanRange;
    use crate::config::{
        CreatePolicy, ExistingPolicy, NamePolicy, OrphanPolicy, Secret, TargetAddress, VerifyLevel,
    };
    use crate::error::ErrorKind;

    fn config() -> Config {
        Config {
            sources: vec![],
            target: TargetAddress::Server(Secret(String::new())),
            schema: "public".to_owned(),
            tables: vec![],
            exclude: vec![],
            create: CreatePolicy::Auto,
            existing: ExistingPolicy::Refuse,
            orphans: OrphanPolicy::Auto,
            names: NamePolicy::Keep,
            naive_tz: None,
            settings: crate::config::Settings::default(),
            verify: VerifyLevel::Checksum,
            objects: true,
            sample: None,
            show_values: false,
            jobs: 1,
            retry_for: crate::limits::RETRY_FOR,
            infer: crate::config::Infer::Declared,
            mixed: crate::config::MixedPolicy::Widen,
            on_bad_value: crate::config::BadValuePolicy::Refuse,
            generated: crate::config::GeneratedPolicy::Values,
            triggers: crate::config::TriggerPolicy::List,
            comments: crate::config::CommentPolicy::On,
            fail_fast: false,
            restart: false,
            take_over: false,
            reverify: false,
            approved: None,
            chunk_bytes: 1,
            chunk_rows: 1,
            commit: crate::config::CommitUnit::Chunk,
            around: crate::config::Around::default(),
        }
    }

    fn state() -> SourceState {
        let chunk = |index, done: bool| ChunkState {
            table: "t".to_owned(),
            spec: ChunkSpec { index, range: ScanRange::WHOLE, rows: 1, bytes: 1 },
            digest: done.then(|| vec![0; 40]),
            set_aside: 0,
            set_aside_digest: None,
            verified: false,
        };
        SourceState {
            source_id: 1,
            path: "a.db".to_owned(),
            schema: "public".to_owned(),
            fingerprint: "f".to_owned(),
            options: options_text(&config()),
            plan_hash: String::new(),
            plan: String::new(),
            created_schema: false,
            epoch: 1,
            finished: false,
            finished_at: None,
            last_error: None,
            chunks: vec![chunk(0, true), chunk(1, false)],
            steps: vec![],
            before: vec![],
            damage: vec![],
        }
    }

    #[test]
    fn only_the_same_world_is_resumed() {
        assert_eq!(check(&state(), &config(), "f").unwrap(), Resume::Continue);
        let changed = check(&state(), &config(), "g").unwrap_err();
        assert_eq!(changed.kind(), ErrorKind::Refused);
        assert!(
            changed.remedy_text().unwrap().contains("--reverify")
                && changed.remedy_text().unwrap().contains("--restart")
        );
        let reverify = Config { reverify: true, ..config() };
        assert_eq!(check(&state(), &reverify, "g").unwrap(), Resume::Reverify);
        let other = Config { names: NamePolicy::Snake, ..config() };
        assert_eq!(check(&state(), &other, "f").unwrap_err().kind(), ErrorKind::Refused);
    }

    #[test]
    fn what_is_left_is_what_has_no_digest() {
        let left: Vec<u32> = left(&state(), |_| true).map(|(_, spec)| spec.index).collect();
        assert_eq!(left, [1]);
    }

    fn planned(format: u32) -> SourceState {
        let plan = format!(
            "{{\"format\":{format},\"schema\":\"public\",\"create_schema\":false,\"tables\":[],\
             \"views\":[],\"not_carried\":[],\"findings\":[]}}"
        );
        SourceState { plan, ..state() }
    }

    #[test]
    fn a_plan_of_another_version_is_refused_with_the_way_out() {
        assert_eq!(stored_plan(&planned(PLAN_FORMAT)).unwrap().format, PLAN_FORMAT);
        let earlier = stored_plan(&planned(PLAN_FORMAT - 1)).unwrap_err();
        assert_eq!(earlier.kind(), ErrorKind::Refused);
        assert!(earlier.remedy_text().unwrap().contains("--restart"));
        for state in [planned(PLAN_FORMAT + 1), SourceState { plan: "{\"format\":9}".to_owned(), ..state() }]
        {
            let unknown = stored_plan(&state).unwrap_err();
            assert_eq!(unknown.kind(), ErrorKind::Refused);
            assert!(!unknown.remedy_text().unwrap().contains("--restart"));
            assert!(plan_to_undo(&state).is_err());
        }
    }

    #[test]
    fn what_an_earlier_version_made_can_be_undone() {
        assert_eq!(plan_to_undo(&planned(PLAN_FORMAT - 1)).unwrap().format, PLAN_FORMAT - 1);
    }
}
