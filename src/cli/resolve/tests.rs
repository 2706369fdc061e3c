use super::*;
use crate::cli::args::{self, Cli, Command};
use crate::error::ErrorKind;
use std::fs;

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn parsed(words: &[&str]) -> Command {
    let line: Vec<OsString> = std::iter::once(&"cutover").chain(words).map(OsString::from).collect();
    let Cli { command } = args::parse(&line).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    command
}

fn with<T>(pairs: Pairs<'_>, act: impl FnOnce(&Surroundings<'_>) -> T) -> T {
    let variable = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| OsString::from(pair.1));
    act(&Surroundings { variable: &variable, cores: 8 })
}

/// `words` behind `copy --migrate`.
fn copied(words: &[&str], pairs: Pairs<'_>) -> Result<Run> {
    let words: Vec<&str> = ["copy", "--migrate"].iter().chain(words).copied().collect();
    let Command::Copy(args) = parsed(&words) else { panic!("{words:?}") };
    with(pairs, |around| copy(&args, around)).map(|(mode, run)| {
        assert_eq!(mode, CopyMode::Migrate);
        run
    })
}

fn address(run: &Run) -> &str {
    match &run.config.target {
        TargetAddress::Server(secret) => &secret.0,
        TargetAddress::Nowhere => "nowhere",
        TargetAddress::Embedded => "<embedded>",
    }
}

const URL: &str = "postgres://u:hunter2@h/d";

#[test]
fn the_defaults_are_those_of_the_contract() {
    let run = copied(&["app.db", URL], &[]).unwrap();
    let config = &run.config;
    assert_eq!((config.sources.clone(), address(&run)), (vec![PathBuf::from("app.db")], URL));
    assert_eq!((config.schema.as_str(), config.jobs), ("public", 4));
    assert_eq!((config.chunk_bytes, config.chunk_rows), (64 << 20, 4_000_000));
    assert_eq!((config.create, config.existing), (CreatePolicy::Auto, ExistingPolicy::Refuse));
    assert_eq!((config.orphans, config.names), (OrphanPolicy::Auto, NamePolicy::Keep));
    assert_eq!(config.verify, VerifyLevel::Checksum);
    assert!(!config.fail_fast && !config.restart && !config.reverify);
    assert!(config.tables.is_empty() && config.exclude.is_empty() && run.reports.is_empty());
    assert_eq!(run.progress, ProgressStyle::Auto);
}

#[test]
fn every_option_reaches_its_setting() {
    let home = tempfile::tempdir().unwrap();
    let report = home.path().join("r.json");
    let words = [
        "--from",
        "a.db",
        "--from",
        "b.db",
        "--to",
        "embedded",
        "--schema",
        "app",
        "--table",
        "a*",
        "--table",
        "b",
        "--exclude",
        "c",
        "--create",
        "never",
        "--existing",
        "append",
        "--names",
        "snake",
        "--orphans",
        "not-valid",
        "--jobs",
        "9",
        "--fail-fast",
        "--reverify",
        "--verify",
        "count",
        "--report",
        report.to_str().unwrap(),
        "--progress",
        "json",
        "--timing",
        "--chunk-bytes",
        "2MiB",
        "--chunk-rows",
        "5",
    ];
    let run = copied(&words, &[]).unwrap();
    let config = &run.config;
    assert_eq!(config.sources, [PathBuf::from("a.db"), PathBuf::from("b.db")]);
    assert_eq!((address(&run), config.schema.as_str()), ("<embedded>", "app"));
    assert_eq!(
        (config.tables.clone(), config.exclude.clone()),
        (vec!["a*".into(), "b".into()], vec!["c".into()])
    );
    assert_eq!((config.create, config.existing), (CreatePolicy::Never, ExistingPolicy::Append));
    assert_eq!((config.names, config.orphans), (NamePolicy::Snake, OrphanPolicy::NotValid));
    assert_eq!((config.jobs, config.verify), (9, VerifyLevel::Count));
    assert_eq!((config.fail_fast, config.restart, config.reverify), (true, false, true));
    assert_eq!((config.chunk_bytes, config.chunk_rows), (2 << 20, 5));
    assert_eq!((run.reports, run.progress, run.timing), (vec![report], ProgressStyle::Json, true));
    let words =
        ["a", URL, "--restart", "--existing=truncate", "--names=lower", "--orphans=refuse", "--verify=off"];
    let config = copied(&words, &[]).unwrap().config;
    assert_eq!((config.restart, config.existing), (true, ExistingPolicy::Truncate));
    assert_eq!((config.names, config.orphans), (NamePolicy::Lower, OrphanPolicy::Refuse));
    assert_eq!(config.verify, VerifyLevel::Off);
}

#[test]
fn the_mode_must_be_named() {
    let Command::Copy(validate) = parsed(&["copy", "--validate", "a", URL]) else { panic!() };
    assert_eq!(with(&[], |around| copy(&validate, around)).unwrap().0, CopyMode::Validate);
    let Command::Copy(neither) = parsed(&["copy", "a", URL]) else { panic!() };
    let error = with(&[], |around| copy(&neither, around)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.message().contains("--migrate") && error.remedy_text().unwrap().contains("--validate"));
}

#[test]
fn jobs_follow_the_cores_up_to_four() {
    for (cores, jobs) in [(1, 1), (2, 2), (4, 4), (64, 4)] {
        let Command::Copy(args) = parsed(&["copy", "--migrate", "a", URL]) else { panic!() };
        let around = Surroundings { variable: &|_| None, cores };
        assert_eq!(copy(&args, &around).unwrap().1.config.jobs, jobs);
    }
}

#[test]
fn the_source_is_looked_for_in_order() {
    let both: Pairs = &[("CUTOVER_FROM", "one.db"), ("SQLITE_DB_PATH", "two.db")];
    let examples: &[(&[&str], Pairs, &str)] = &[
        (&["a.db", "--to", URL], both, "a.db"),
        (&["--from", "a.db", "--to", URL], both, "a.db"),
        (&["--to", URL], both, "one.db"),
        (&["--to", URL], &both[1..], "two.db"),
        (&["--to", URL], &[("CUTOVER_FROM", ""), ("SQLITE_DB_PATH", "two.db")], "two.db"),
    ];
    for (words, pairs, expected) in examples {
        assert_eq!(copied(words, pairs).unwrap().config.sources, [PathBuf::from(expected)], "{words:?}");
    }
}

#[test]
fn the_target_is_looked_for_in_order() {
    let all: Pairs = &[
        ("CUTOVER_TO", "host=one"),
        ("DATABASE_URL", "postgresql://two/d"),
        ("POSTGRES_HOST", "three"),
        ("POSTGRES_PORT", "5433"),
        ("POSTGRES_DB", "d b"),
        ("POSTGRES_USER", "o'neil"),
        ("POSTGRES_PASSWORD", "back\\slash"),
        ("PGHOST", "four"),
    ];
    let composed = "host='three' port='5433' dbname='d b' user='o\\'neil' password='back\\\\slash'";
    let examples: &[(&[&str], Pairs, &str)] = &[
        (&["a", "host=typed"], all, "host=typed"),
        (&["a", "--to", "dbname = 'x y'"], all, "dbname = 'x y'"),
        (&["a", "--to", "embedded"], all, "<embedded>"),
        (&["a"], all, "host=one"),
        (&["a"], &all[1..], "postgresql://two/d"),
        (&["a"], &all[2..], composed),
        (&["a"], &all[4..5], "dbname='d b'"),
        (&["a"], &all[6..], ""),
        (&["a"], &[("PGDATABASE", "d")], ""),
        (
            &["a"],
            &[("CUTOVER_TO", ""), ("DATABASE_URL", "postgres:///d?host=/tmp")],
            "postgres:///d?host=/tmp",
        ),
        (&["a", "POSTGRES://h/d"], &[], "postgres://h/d"),
    ];
    for (words, pairs, expected) in examples {
        assert_eq!(address(&copied(words, pairs).unwrap()), *expected, "{words:?}");
    }
}

#[test]
fn what_cannot_be_meant_is_a_usage_error_with_a_remedy() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("a.json"), "").unwrap();
    std::os::unix::fs::symlink(path("a.json"), path("link.db")).unwrap();
    let (a, link, lost, folder) = (path("a.json"), path("link.db"), path("no/r.json"), path("d.json"));
    fs::create_dir(&folder).unwrap();
    let long = "x".repeat(64);
    let url = |url: &'static str| [("DATABASE_URL", url)];
    let examples: &[(&[&str], Pairs, &str)] = &[
        (&["--to", URL], &[], "no source is named"),
        (&["a.db"], &[], "no target is named"),
        (
            &["a.db"],
            &[("POSTGRES_PASSWORD", "x"), ("PGPASSWORD", "x"), ("PGSERVICE", "x")],
            "no target is named",
        ),
        (&["a.db"], &url("sqlite:///hunter2.db"), "DATABASE_URL is a sqlite: URL"),
        (&["a.db"], &url("sqlite:hunter2.db"), "DATABASE_URL is a sqlite: URL"),
        (&["a.db"], &url("mysql://u:hunter2@h/d"), "DATABASE_URL is a mysql: URL"),
        (
            &["a.db"],
            &url("postgresql+asyncpg://u:hunter2@h/d"),
            "DATABASE_URL is a URL for the driver \"asyncpg\"",
        ),
        (&["a.db", "hunter2"], &[], "TARGET is neither"),
        (&["a.db", "--to", "/hunter2.db"], &[], "--to is neither"),
        (&["a.db", "--to", ""], &[], "--to is empty"),
        (&["a.db", URL, "--to", URL], &[], "the target is given twice"),
        (&["--from", "a.db", URL], &[], "the source is given twice"),
        (&["--from", "a.db", "b.db", URL], &[], "the source is given twice"),
        (&["--from", "a.db", "--from", "a.db", "--to", URL], &[], "the source a.db is named twice"),
        (&["--from", &a, "--from", &link, "--to", URL], &[], "the source "),
        (&[URL, "a.db"], &[], "the source is a PostgreSQL URL"),
        (&["https://hunter2/a.db", URL], &[], "the source is a https: URL"),
        (&["a", URL, "--schema", ""], &[], "--schema \"\" is empty"),
        (&["a", URL, "--schema", &long], &[], "--schema \"xxx"),
        (&["a", URL, "--schema", "pg_temp"], &[], "--schema \"pg_temp\" belongs"),
        (&["a", URL, "--schema", "information_schema"], &[], "--schema \"information_schema\" belongs"),
        (&["a", URL, "--schema", "cutover"], &[], "--schema \"cutover\" is where"),
        (&["a", URL, "--table", ""], &[], "--table has an empty pattern"),
        (&["a", URL, "--exclude", ""], &[], "--exclude has an empty pattern"),
        (&["a", URL, "--report", "r.pdf"], &[], "the report r.pdf has no supported form"),
        (&["a", URL, "--report", "report"], &[], "the report report has no supported form"),
        (&["a", URL, "--report", "r.json", "--report", "r.json"], &[], "--report r.json is named twice"),
        (&["a", URL, "--report", &lost], &[], "--report "),
        (&["a", URL, "--report", &folder], &[], "--report "),
        (&[&link, URL, "--report", &a], &[], "--report "),
        (&["a", URL, "--env-file", &lost], &[], "--env-file "),
    ];
    for (words, pairs, expected) in examples {
        let error = copied(words, pairs).expect_err(&format!("{words:?} {pairs:?}"));
        assert_eq!(error.kind(), ErrorKind::Usage, "{words:?}");
        assert!(error.message().starts_with(expected), "{words:?}: {error}");
        assert!(error.remedy_text().is_some_and(|remedy| !remedy.is_empty()), "{words:?}");
        assert!(!crate::report::error_text(&error).contains("hunter2"), "{words:?}: {error}");
    }
    let ways = copied(&["a.db"], &[]).unwrap_err();
    for way in ["--to", "embedded", "CUTOVER_TO", "DATABASE_URL", "POSTGRES_HOST", "PGHOST", "--env-file"] {
        assert!(ways.remedy_text().unwrap().contains(way), "{way}");
    }
}

#[test]
fn an_env_file_fills_gaps_only() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".env");
    fs::write(&path, "export SQLITE_DB_PATH='file.db'\nPOSTGRES_HOST=file\nPOSTGRES_DB=d # x\nPGUSER=u\n")
        .unwrap();
    let file = path.to_str().unwrap();
    let run = copied(&["--env-file", file], &[("POSTGRES_HOST", "real")]).unwrap();
    assert_eq!((address(&run), run.config.sources[0].to_str()), ("host='real' dbname='d'", Some("file.db")));
    let run = copied(&["--env-file", file], &[("POSTGRES_HOST", ""), ("POSTGRES_DB", "")]).unwrap();
    assert_eq!(address(&run), "");
    let variables = with(&[("PGUSER", "real")], |around| {
        let variables = Variables::read(around, Some(&path)).unwrap();
        [
            variables.text("PGUSER").unwrap(),
            variables.text("POSTGRES_DB").unwrap(),
            variables.text("X").unwrap(),
        ]
    });
    assert_eq!(variables, [Some("real".to_owned()), Some("d".to_owned()), None]);
    fs::write(&path, "A=1\nhunter2\n").unwrap();
    let error = copied(&["a", URL, "--env-file", file], &[]).unwrap_err();
    assert!(error.message().ends_with("line 2: it has no ="), "{error}");
}

#[test]
fn the_other_commands_find_their_target_the_same_way() {
    let pairs: Pairs = &[("DATABASE_URL", "postgres://h/d")];
    let here = TargetAddress::Server(crate::config::Secret("postgres://h/d".into()));
    let Command::Status(args) = parsed(&["status", "--json"]) else { panic!() };
    assert_eq!(with(pairs, |around| status(&args, around)).unwrap(), here);
    assert_eq!(with(&[], |around| status(&args, around)).unwrap_err().kind(), ErrorKind::Usage);
    let Command::Status(args) = parsed(&["status", "--schema", "pg_x"]) else { panic!() };
    assert_eq!(with(pairs, |around| status(&args, around)).unwrap_err().kind(), ErrorKind::Usage);
    let Command::Clean(args) = parsed(&["clean", "--to", "embedded"]) else { panic!() };
    assert_eq!(with(pairs, |around| clean(&args, around)).unwrap(), TargetAddress::Embedded);
    let words = ["verify", "--from", "a", "--jobs", "2", "--names", "snake"];
    let Command::Verify(args) = parsed(&words) else { panic!() };
    let run = with(pairs, |around| verify(&args, around)).unwrap();
    assert_eq!((run.config.target, run.config.jobs, run.config.names), (here, 2, NamePolicy::Snake));
}
