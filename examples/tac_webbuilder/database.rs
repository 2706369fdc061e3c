//! `database.db`: the application's own tables, and what users uploaded to try things out.

use super::Result;
use super::random::{ODD_TEXTS, Random, date, json_text, stamp};
use super::table::{Row, fill as fill_plain, fill_with_gap, text, unless};
use rusqlite::Connection;
use rusqlite::types::Value;

const PHASES: [&str; 6] = ["plan", "build", "test", "review", "document", "ship"];

/// Fills every table, each with a size that makes the file about 444 KB.
pub(crate) fn fill(db: &Connection, random: &mut Random) -> Result<()> {
    queue(db, random)?;
    features(db, random)?;
    logs(db, random)?;
    uploads(db, random)?;
    oddities(db, random)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The element of `list` whose turn it is.
fn turn<'a>(list: &[&'a str], number: u64) -> &'a str {
    list[usize::try_from(number).unwrap_or(0) % list.len()]
}

fn queue(db: &Connection, random: &mut Random) -> Result<()> {
    fill_plain(db, "adw_locks", 5, |number| {
        vec![
            ("issue_number", (whole(number) * 17).into()),
            ("adw_id", text(random.hex(8))),
            ("status", text(turn(&["planning", "building", "testing", "reviewing", "documenting"], number))),
            (
                "github_url",
                unless(number == 3, format!("https://example.com/acme/app/issues/{}", number * 17)),
            ),
            ("created_at", text(stamp(whole(number) * 600))),
            ("updated_at", text(stamp(whole(number) * 660))),
        ]
    })?;
    fill_plain(db, "phase_queue", 90, |number| {
        let (phase, ready) = (1 + whole(number) % 4, random.chance(60));
        vec![
            ("queue_id", text(format!("q-{}-{number}", random.hex(8)))),
            ("parent_issue", (1 + whole(number) / 4).into()),
            ("phase_number", phase.into()),
            ("issue_number", unless(random.chance(30), 1000 + whole(number))),
            ("status", text(random.pick(&["pending", "ready", "running", "completed", "failed"]))),
            ("depends_on_phase", unless(phase == 1, phase - 1)),
            (
                "phase_data",
                text(format!(
                    "{{\"title\": {}, \"content\": {}}}",
                    json_text(&random.prose(5)),
                    json_text(&random.prose(20))
                )),
            ),
            ("created_at", text(stamp(whole(number) * 3600))),
            ("updated_at", text(stamp(whole(number) * 3700))),
            ("error_message", unless(random.chance(90), random.prose(10))),
            ("priority", random.between(10, 90).into()),
            ("queue_position", whole(number).into()),
            ("ready_timestamp", unless(!ready, stamp(whole(number) * 3650))),
            ("adw_id", unless(!ready, random.hex(8))),
        ]
    })?;
    let settings = [("queue_paused", "false"), ("max_concurrent", "3"), ("grüße", "„schön“"), ("empty", "")];
    fill_plain(db, "queue_config", 4, |number| {
        let (key, value) = settings[usize::try_from(number - 1).unwrap_or(0)];
        vec![
            ("config_key", text(key)),
            ("config_value", text(value)),
            ("updated_at", text(stamp(whole(number) * 50))),
        ]
    })
}

fn features(db: &Connection, random: &mut Random) -> Result<()> {
    fill_with_gap(db, "planned_features", 80, |number| {
        let (begun, done) = (random.chance(60), random.chance(30));
        vec![
            ("item_type", text(random.pick(&["session", "feature", "bug", "enhancement"]))),
            ("title", text(random.prose(6))),
            ("description", unless(random.chance(10), random.prose(40))),
            ("status", text(random.pick(&["planned", "in_progress", "completed", "cancelled"]))),
            ("priority", unless(random.chance(10), random.pick(&["high", "medium", "low"]).to_owned())),
            (
                "estimated_hours",
                unless(random.chance(20), f64::from(u32::try_from(random.below(80)).unwrap_or(0)) / 4.0),
            ),
            ("actual_hours", unless(!done, random.share() * 20.0)),
            ("session_number", unless(random.chance(50), random.between(1, 30))),
            ("github_issue", unless(random.chance(40), random.between(1, 900))),
            ("parent_id", unless(number <= 8, 1 + random.between(0, whole(number) - 2).max(0))),
            ("tags", unless(random.chance(20), random.list_json(3))),
            ("completion_notes", unless(!done, random.prose(15))),
            ("created_at", text(stamp(whole(number) * 7000))),
            ("updated_at", text(stamp(whole(number) * 7100))),
            ("started_at", unless(!begun, stamp(whole(number) * 7200))),
            ("completed_at", unless(!done, stamp(whole(number) * 7300))),
        ]
    })?;
    fill_with_gap(db, "context_reviews", 60, |number| {
        vec![
            ("workflow_id", unless(random.chance(30), format!("adw-{}", random.hex(8)))),
            ("issue_number", unless(random.chance(30), random.between(1, 900))),
            ("change_description", text(random.prose(25))),
            ("project_path", text("/srv/app/projekt grün")),
            ("analysis_timestamp", text(stamp(whole(number) * 8000))),
            ("analysis_duration_seconds", (random.share() * 30.0).into()),
            ("agent_cost", random.money(0.5).into()),
            ("status", text(random.pick(&["pending", "analyzing", "complete", "failed"]))),
            ("result", unless(random.chance(30), random.phases_json(20))),
            ("feature_id", unless(random.chance(30), random.between(1, 80))),
        ]
    })
}

fn logs(db: &Connection, random: &mut Random) -> Result<()> {
    fill_with_gap(db, "task_logs", 200, |number| {
        let failed = random.chance(8);
        let begin = whole(number) * 900;
        vec![
            ("adw_id", text(format!("adw-{:08x}", number / 6))),
            ("issue_number", unless(random.chance(10), random.between(1, 900))),
            ("workflow_template", text("sdlc_complete_iso")),
            ("phase_name", text(turn(&PHASES, number))),
            ("phase_number", (whole(number) % 6).into()),
            (
                "phase_status",
                text(if failed { "failed" } else { random.pick(&["started", "completed", "skipped"]) }),
            ),
            ("log_message", text(random.prose(12))),
            ("error_message", unless(!failed, random.prose(20))),
            ("started_at", text(format!("{}.{:03}", stamp(begin), random.below(1000)))),
            ("completed_at", unless(failed, format!("{}.{:03}", stamp(begin + 60), random.below(1000)))),
            ("duration_seconds", unless(failed, random.share() * 60.0)),
            ("tokens_used", random.between(0, 90_000).into()),
            ("cost_usd", random.money(1.0).into()),
            ("captured_at", text(stamp(begin + 61))),
        ]
    })?;
    fill_with_gap(db, "user_prompts", 80, |number| {
        let posted = random.chance(70);
        let words = 8 + random.below(70);
        vec![
            ("request_id", text(format!("req-{number}-{}", random.hex(8)))),
            ("session_id", unless(random.chance(10), random.hex(32))),
            ("nl_input", text(random.prose(words))),
            ("project_path", unless(random.chance(30), "/srv/app".to_owned())),
            ("auto_post", random.chance(30).into()),
            ("issue_title", unless(!posted, random.prose(6))),
            ("issue_type", unless(!posted, random.pick(&["feature", "bug", "chore"]).to_owned())),
            ("is_multi_phase", random.chance(20).into()),
            ("phase_count", random.between(1, 5).into()),
            ("estimated_cost_usd", unless(random.chance(20), random.money(4.0))),
            ("model_name", text("medium-3")),
            ("github_issue_number", unless(!posted, whole(number))),
            ("posted_at", unless(!posted, stamp(whole(number) * 7001))),
            ("created_at", text(stamp(whole(number) * 7000))),
        ]
    })
}

fn uploads(db: &Connection, random: &mut Random) -> Result<()> {
    let names = [
        "Ana Núñez",
        "Bjørn Åberg",
        "Chloë d'Arcy",
        "山田太郎",
        "Ольга Иванова",
        "Nguyễn Văn An",
        "O'Neil \"Bo\" Smith",
    ];
    fill_with_gap(db, "employees", 60, |number| {
        vec![
            ("name", text(turn(&names, number))),
            ("email", unless(number % 9 == 0, format!("p{number}@example.com"))),
            ("department", unless(random.chance(10), random.pick(&["R&D", "Verkauf", "IT"]).to_owned())),
            ("salary", random.money(150_000.0).into()),
            ("hired_on", text(date(16_000 + random.between(0, 4000)))),
            ("active", random.chance(80).into()),
            ("manager_id", unless(number == 1, whole(number) / 2)),
        ]
    })?;
    fill_with_gap(db, "products", 120, |number| {
        vec![
            ("sku", text(format!("SKU-{number:05}"))),
            ("name", text(random.prose(3))),
            ("price", unless(random.chance(5), random.money(900.0))),
            ("in_stock", random.chance(70).into()),
            (
                "attributes",
                unless(
                    random.chance(20),
                    format!(
                        "{{\"colour\": {}, \"sizes\": [36, 37.5, -1e3]}}",
                        json_text(random.pick(&ODD_TEXTS))
                    ),
                ),
            ),
            ("added_at", text(stamp(whole(number) * 11_000))),
        ]
    })?;
    fill_with_gap(db, "large", 800, |number| {
        vec![
            ("name", text(format!("row {number}"))),
            ("value", unless(random.chance(3), (random.share() - 0.5) * 1e6)),
            ("category", text(random.pick(&["alpha", "beta", "gamma", "δέλτα"]))),
            ("created_at", text(stamp(whole(number) * 60))),
        ]
    })?;
    fill_plain(db, "file0", 50, |number| {
        vec![
            ("name", text(format!("upload {number}.csv"))),
            ("size", text(random.between(0, 99_999).to_string())),
            ("modified", unless(random.chance(20), stamp(whole(number) * 500))),
        ]
    })
}

fn oddities(db: &Connection, random: &mut Random) -> Result<()> {
    let texts = u64::try_from(ODD_TEXTS.len())?;
    fill_with_gap(db, "special", texts, |number| {
        let column = |name: &'static str, shift: u64| {
            (name, unless((number + shift).is_multiple_of(7), turn(&ODD_TEXTS, number + shift).to_owned()))
        };
        vec![
            column("Name With Space", 0),
            column("select", 1),
            column("MixedCase", 2),
            column("größe", 3),
            column("dash-ed", 4),
            column("quo\"te", 5),
            column("emoji 🎉", 6),
        ]
    })?;
    fill_with_gap(db, "data", texts, |number| {
        let payload = match number {
            1 => (0..=255).collect(),
            2 => Vec::new(),
            _ => random.bytes(number * 9),
        };
        let value =
            if number == 3 { "long äöü ".repeat(1200) } else { turn(&ODD_TEXTS, number).to_owned() };
        vec![
            ("key", text(format!("key {number}"))),
            ("value", unless(number == 4, value)),
            ("payload", unless(number % 5 == 0, payload)),
        ]
    })?;
    // One row came and went: the sequence remembers.
    fill_plain(db, "empty", 1, |_| vec![("name", text("gone")), ("created_at", text(stamp(0)))])?;
    db.execute("DELETE FROM empty", [])?;
    fill_with_gap(db, "wide", 30, |number| wide_row(random, number))
}

/// Sixty columns in the order text, integer, real, varchar; the first rows hold the extremes.
fn wide_row(random: &mut Random, number: u64) -> Row {
    const NAMES: &str = "c01 c02 c03 c04 c05 c06 c07 c08 c09 c10 c11 c12 c13 c14 c15 c16 c17 c18 c19 c20 c21 c22 c23 c24 c25 c26 c27 c28 c29 c30 \
                         c31 c32 c33 c34 c35 c36 c37 c38 c39 c40 c41 c42 c43 c44 c45 c46 c47 c48 c49 c50 c51 c52 c53 c54 c55 c56 c57 c58 c59 c60";
    let kinds = ["text", "integer", "real", "varchar"].iter().cycle().skip(1);
    NAMES.split(' ').zip(kinds).map(|(name, kind)| (name, wide_cell(random, number, kind))).collect()
}

fn wide_cell(random: &mut Random, number: u64, kind: &str) -> Value {
    match (kind, number) {
        (_, 4) => Value::Null,
        ("integer", 1) => i64::MAX.into(),
        ("integer", 2) => i64::MIN.into(),
        ("integer", _) => unless(random.chance(10), random.between(-1_000_000, 1_000_000)),
        ("real", 1) => f64::MAX.into(),
        ("real", 2) => f64::MIN_POSITIVE.into(),
        ("real", 3) => (0.1 + 0.2).into(),
        ("real", _) => unless(random.chance(10), random.share() * 1000.0),
        _ => unless(random.chance(10), random.pick(&ODD_TEXTS).to_owned()),
    }
}
