//! `workflow_history.db`: workflows, what they did, and what was learned from them.

use super::Result;
use super::random::{Random, json_text, stamp};
use super::table::{Row, fill as fill_plain, fill_with_gap, text, unless};
use rusqlite::Connection;

const PHASES: [&str; 6] = ["plan", "build", "test", "review", "document", "ship"];
const MODELS: [&str; 4] = ["small-2", "medium-3", "large-4", "large-4-thinking"];
const TEMPLATES: [&str; 5] =
    ["plan_build_iso", "plan_build_test_iso", "sdlc_complete_iso", "patch_iso", "zte_iso"];
const COMPLEXITIES: [&str; 3] = ["simple", "medium", "complex"];
const ERRORS: [&str; 4] = ["timeout", "rate_limit", "test_failure", "merge_conflict"];
const TOOLS: [&str; 6] = ["run_tests", "build_app", "lint_code", "search_files", "format_sql", "測試工具"];
const AUTOMATION: [&str; 6] = ["detected", "candidate", "approved", "implemented", "active", "deprecated"];
const SAVINGS: [&str; 4] = ["tool_call", "input_split", "pattern_offload", "inverted_flow"];

/// Patterns seen, as in the application's own first count.
const PATTERNS: u64 = 196;

/// Fills every table; `rows` workflows, the others in proportion.
pub(crate) fn fill(db: &Connection, random: &mut Random, rows: u64) -> Result<()> {
    let rows = rows.max(1);
    fill_with_gap(db, "workflow_history", rows, |number| {
        let mut row = workflow(random, number);
        row.extend(workflow_costs(random));
        row.extend(workflow_lessons(random));
        row
    })?;
    patterns(db, random)?;
    calls(db, random, rows)?;
    hooks(db, random, rows)?;
    learning(db, random, rows)
}

fn adw_id(number: u64) -> String {
    format!("adw-{:08x}", number.wrapping_mul(2_654_435_761) & 0xffff_ffff)
}

/// A number as SQLite keeps it.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A second in the application's life that grows with the row's number.
fn moment(random: &mut Random, number: u64) -> i64 {
    whole(number) * 2400 + random.between(0, 2399)
}

fn workflow(random: &mut Random, number: u64) -> Row {
    let (begin, seconds) = (moment(random, number), random.between(30, 7200));
    let status = random.pick(&["completed", "completed", "completed", "failed", "running", "pending"]);
    let (open, failed) = (matches!(status, "running" | "pending"), status == "failed");
    let words = 10 + random.below(60);
    vec![
        ("adw_id", text(adw_id(number))),
        ("created_at", text(stamp(begin))),
        ("updated_at", text(stamp(begin + seconds))),
        ("issue_number", unless(random.chance(4), random.between(1, 9000))),
        ("nl_input", text(random.prose(words))),
        (
            "github_url",
            unless(random.chance(10), format!("https://example.com/acme/app/issues/{}", number % 9000)),
        ),
        ("gh_issue_state", unless(random.chance(20), random.pick(&["open", "closed"]).to_owned())),
        ("workflow_template", text(random.pick(&TEMPLATES))),
        ("model_used", text(random.pick(&MODELS))),
        ("status", text(status)),
        ("start_time", text(format!("{}.{:03}", stamp(begin), random.below(1000)))),
        ("end_time", unless(open, format!("{}.{:03}", stamp(begin + seconds), random.below(1000)))),
        ("duration_seconds", unless(open, seconds)),
        ("error_message", unless(!failed, random.prose(25))),
        ("error_category", unless(!failed, random.pick(&ERRORS).to_owned())),
        ("phase_count", whole(random.below(9)).into()),
        ("current_phase", unless(!open, random.pick(&PHASES).to_owned())),
        ("success_rate", unless(open, random.score())),
        ("retry_count", random.between(0, 4).into()),
        ("worktree_path", unless(random.chance(30), format!("trees/{}", adw_id(number)))),
        ("worktree_reused", random.chance(20).into()),
        ("backend_port", random.between(9100, 9114).into()),
        ("frontend_port", random.between(9200, 9214).into()),
        ("concurrent_workflows", random.between(0, 15).into()),
        ("steps_completed", random.between(0, 20).into()),
        ("steps_total", 20.into()),
        ("hour_of_day", (begin / 3600 % 24).into()),
        ("day_of_week", ((begin / 86_400 + 2) % 7).into()),
    ]
}

fn workflow_costs(random: &mut Random) -> Row {
    let (input, output, hits) =
        (random.between(0, 900_000), random.between(0, 90_000), random.between(0, 400_000));
    let cost = random.money(12.0);
    let input_text = format!(
        "{{\"title\": {}, \"steps\": {}, \"labels\": {}, \"nested\": {{\"depth\": [1, [2, [3, null]]], \"ok\": true, \"ratio\": {}}}}}",
        json_text(&random.prose(8)),
        random.list_json(24),
        random.list_json(6),
        random.score()
    );
    vec![
        ("input_tokens", input.into()),
        ("output_tokens", output.into()),
        ("cached_tokens", hits.into()),
        ("cache_hit_tokens", hits.into()),
        ("cache_miss_tokens", random.between(0, 50_000).into()),
        ("total_tokens", (input + output + hits).into()),
        ("cache_efficiency_percent", unless(input == 0, random.share() * 100.0)),
        ("estimated_cost_total", random.money(15.0).into()),
        ("actual_cost_total", cost.into()),
        ("cost_per_token", unless(input == 0, random.share() / 1e5)),
        ("structured_input", unless(random.chance(5), input_text)),
        (
            "cost_breakdown",
            unless(
                random.chance(10),
                format!("{{\"by_phase\": {}, \"total\": {cost:?}}}", random.phases_json(900)),
            ),
        ),
        ("token_breakdown", unless(random.chance(10), random.phases_json(90_000))),
    ]
}

fn workflow_lessons(random: &mut Random) -> Row {
    vec![
        ("nl_input_clarity_score", unless(random.chance(10), random.score())),
        ("cost_efficiency_score", unless(random.chance(10), random.score())),
        ("performance_score", unless(random.chance(10), random.score())),
        ("quality_score", unless(random.chance(10), random.score())),
        ("anomaly_flags", unless(random.chance(70), random.list_json(4))),
        ("optimization_recommendations", unless(random.chance(30), random.list_json(12))),
        ("phase_durations", unless(random.chance(8), random.phases_json(3600))),
        ("idle_time_seconds", unless(random.chance(30), random.between(0, 900))),
        ("bottleneck_phase", unless(random.chance(40), random.pick(&PHASES).to_owned())),
        ("retry_reasons", unless(random.chance(60), random.list_json(5))),
        ("error_phase_distribution", unless(random.chance(60), random.phases_json(5))),
        ("recovery_time_seconds", unless(random.chance(60), random.between(0, 600))),
        ("complexity_estimated", text(random.pick(&COMPLEXITIES))),
        ("complexity_actual", unless(random.chance(20), random.pick(&COMPLEXITIES).to_owned())),
        ("scoring_version", text(random.pick(&["1.0", "1.1", "2.0"]))),
    ]
}

fn patterns(db: &Connection, random: &mut Random) -> Result<()> {
    fill_with_gap(db, "operation_patterns", PATTERNS, |number| {
        let reviewed = random.chance(30);
        vec![
            (
                "pattern_signature",
                text(format!("{}:{}:{}", random.pick(&TOOLS), random.pick(&PHASES), random.hex(16))),
            ),
            ("pattern_type", text(random.pick(&["test", "build", "format", "git", "deps", "docs"]))),
            ("first_detected", text(stamp(whole(number) * 9000))),
            ("last_seen", text(stamp(whole(number) * 9000 + random.between(0, 900_000)))),
            ("occurrence_count", random.between(1, 400).into()),
            ("typical_input_pattern", unless(random.chance(20), random.prose(12))),
            ("typical_operations", text(random.list_json(6))),
            ("typical_files_accessed", unless(random.chance(30), random.list_json(6))),
            ("avg_tokens_with_llm", random.between(100, 90_000).into()),
            ("avg_cost_with_llm", random.money(2.0).into()),
            ("avg_tokens_with_tool", random.between(0, 900).into()),
            ("avg_cost_with_tool", random.money(0.1).into()),
            ("potential_monthly_savings", random.money(300.0).into()),
            ("automation_status", text(random.pick(&AUTOMATION))),
            ("confidence_score", random.score().into()),
            ("tool_name", unless(!reviewed, random.pick(&TOOLS).to_owned())),
            ("reviewed_by", unless(!reviewed, "Zoë O'Hara".to_owned())),
            ("reviewed_at", unless(!reviewed, stamp(whole(number) * 9100))),
            ("review_notes", unless(!reviewed, random.prose(18))),
            ("created_at", text(stamp(whole(number) * 9000))),
        ]
    })?;
    let tools = u64::try_from(TOOLS.len())?;
    fill_plain(db, "adw_tools", tools, |number| {
        let tool = TOOLS[usize::try_from(number - 1).unwrap_or(0)];
        vec![
            ("tool_name", text(tool)),
            ("description", text(random.prose(9))),
            ("tool_type", text("script")),
            ("script_path", text(format!("adws/tools/{tool}.py"))),
            ("input_patterns", text(random.list_json(4))),
            ("status", text(random.pick(&["active", "deprecated", "experimental"]))),
            ("enabled", (number != 2).into()),
            ("success_rate", random.share().into()),
            ("avg_duration_seconds", (random.share() * 60.0).into()),
            ("total_invocations", random.between(0, 3_000_000_000).into()),
        ]
        .into_iter()
        .chain([("created_at", text(stamp(whole(number)))), ("updated_at", text(stamp(whole(number) * 77)))])
        .collect()
    })
}

fn calls(db: &Connection, random: &mut Random, rows: u64) -> Result<()> {
    fill_with_gap(db, "tool_calls", rows * 3 / 2, |number| {
        let (workflow, good) = (1 + number % rows, random.chance(92));
        let begin = whole(workflow) * 2400 + random.between(0, 2399);
        vec![
            ("tool_call_id", text(format!("call-{number}"))),
            ("workflow_id", text(adw_id(workflow))),
            ("tool_name", text(random.pick(&TOOLS))),
            ("tool_params", unless(random.chance(10), random.phases_json(100))),
            ("called_at", text(stamp(begin))),
            ("completed_at", unless(!good, stamp(begin + 30))),
            ("duration_seconds", unless(!good, random.share() * 30.0)),
            ("success", good.into()),
            ("error_message", unless(good, random.prose(10))),
            ("result_data", unless(random.chance(30), random.list_json(3))),
            ("tokens_saved", random.between(0, 9000).into()),
            ("cost_saved_usd", random.money(1.0).into()),
            ("pattern_id", unless(random.chance(60), random.between(1, whole(PATTERNS)))),
        ]
    })
}

fn hooks(db: &Connection, random: &mut Random, rows: u64) -> Result<()> {
    fill_with_gap(db, "hook_events", rows * 2, |number| {
        let (begin, processed) = (moment(random, number / 2), random.chance(80));
        // One in twenty names a workflow that was never recorded: no key guards this column.
        let workflow = if random.chance(5) { adw_id(rows + number) } else { adw_id(1 + number % rows) };
        vec![
            ("event_id", text(format!("{}-{number}", random.hex(12)))),
            (
                "event_type",
                text(random.pick(&["PreToolUse", "PostToolUse", "Stop", "SubagentStop", "Notification"])),
            ),
            ("workflow_id", unless(random.chance(5), workflow)),
            ("phase_name", unless(random.chance(20), random.pick(&PHASES).to_owned())),
            ("timestamp", text(format!("{}.{:03}", stamp(begin), random.below(1000)))),
            (
                "payload",
                text(format!(
                    "{{\"tool\": {}, \"args\": {}}}",
                    json_text(random.pick(&TOOLS)),
                    random.list_json(2)
                )),
            ),
            ("payload_digest", unless(random.chance(10), random.bytes(32))),
            ("processed", processed.into()),
            ("processed_at", unless(!processed, stamp(begin + 5))),
        ]
    })?;
    // Holes inside the ids too, as a clean-up job leaves them.
    db.execute("DELETE FROM hook_events WHERE id % 97 = 0", [])?;
    Ok(())
}

fn learning(db: &Connection, random: &mut Random, rows: u64) -> Result<()> {
    let patterns = whole(PATTERNS);
    fill_with_gap(db, "pattern_occurrences", rows / 2, |number| {
        vec![
            ("pattern_id", (1 + whole(number) % patterns).into()),
            ("workflow_id", text(adw_id(1 + number % rows))),
            ("similarity_score", random.score().into()),
            ("matched_characteristics", unless(random.chance(10), random.list_json(4))),
            ("detected_at", text(stamp(moment(random, number)))),
        ]
    })?;
    fill_with_gap(db, "cost_savings_log", rows / 3, |number| {
        let (baseline, actual) = (random.between(1000, 90_000), random.between(0, 999));
        vec![
            ("optimization_type", text(random.pick(&SAVINGS))),
            ("workflow_id", text(adw_id(1 + number % rows))),
            ("tool_call_id", unless(random.chance(50), format!("call-{}", 1 + number % (rows * 3 / 2)))),
            ("pattern_id", unless(random.chance(50), random.between(1, patterns))),
            ("baseline_tokens", baseline.into()),
            ("actual_tokens", actual.into()),
            ("tokens_saved", (baseline - actual).into()),
            ("cost_saved_usd", random.money(3.0).into()),
            ("saved_at", text(stamp(moment(random, number)))),
            ("notes", unless(random.chance(60), random.prose(12))),
        ]
    })?;
    opinions(db, random)?;
    fill_with_gap(db, "roi_tracking", rows / 10, |number| {
        let good = random.chance(90);
        vec![
            ("pattern_id", random.between(1, patterns).into()),
            ("execution_id", text(format!("exec-{number}"))),
            ("workflow_id", unless(random.chance(10), random.between(1, whole(rows)))),
            ("execution_time_seconds", (random.share() * 100.0).into()),
            ("estimated_time_seconds", (random.share() * 100.0).into()),
            ("actual_cost", random.money(1.0).into()),
            ("estimated_cost", random.money(1.0).into()),
            ("success", good.into()),
            ("error_message", unless(good, random.prose(10))),
            ("executed_at", text(stamp(moment(random, number)))),
        ]
    })
}

fn opinions(db: &Connection, random: &mut Random) -> Result<()> {
    fill_with_gap(db, "pattern_predictions", PATTERNS * 2, |number| {
        let judged = random.chance(60);
        vec![
            ("request_id", text(format!("req-{}", random.hex(12)))),
            ("pattern_id", random.between(1, whole(PATTERNS)).into()),
            ("confidence_score", random.share().into()),
            ("reasoning", unless(random.chance(20), random.prose(14))),
            ("predicted_at", text(stamp(whole(number) * 5000))),
            ("was_correct", unless(!judged, random.chance(70))),
            ("validated_at", unless(!judged, stamp(whole(number) * 5000 + 3600))),
        ]
    })?;
    fill_with_gap(db, "pattern_approvals", PATTERNS - 10, |number| {
        vec![
            ("pattern_id", whole(number).into()),
            ("status", text(random.pick(&["pending", "approved", "rejected", "auto-approved"]))),
            ("confidence_score", random.score().into()),
            ("estimated_savings_usd", random.money(500.0).into()),
            ("reviewer_id", unless(random.chance(40), "søren".to_owned())),
            ("reviewed_at", unless(random.chance(40), stamp(whole(number) * 6000))),
            ("approval_notes", unless(random.chance(50), random.prose(15))),
            ("created_at", text(stamp(whole(number) * 5900))),
        ]
    })?;
    fill_with_gap(db, "confidence_history", PATTERNS * 3, |number| {
        vec![
            ("pattern_id", random.between(1, whole(PATTERNS)).into()),
            ("old_confidence", unless(random.chance(20), random.score())),
            ("new_confidence", random.score().into()),
            ("adjustment_reason", text(random.prose(8))),
            ("roi_data", unless(random.chance(30), random.phases_json(50))),
            ("updated_by", text("system")),
            ("updated_at", text(stamp(whole(number) * 4000))),
        ]
    })
}
