//! The file's form, its mistakes, and which rule holds.

use super::*;
use crate::error::ErrorKind;

fn read(text: &str) -> Settings {
    parse(text, "cutover.toml").unwrap_or_else(|error| panic!("{error}"))
}

fn mistakes(text: &str) -> String {
    let error = parse(text, "cutover.toml").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    error.message().to_owned()
}

#[test]
fn options_are_those_of_the_command_line() {
    let settings = read(
        "[options]
         schema = 'app'
         table = ['u*', 'orders']
         exclude = 'tmp_*'
         create = 'never'
         existing = 'append'
         orphans = 'quarantine'
         names = 'snake'
         infer = 'content'
         mixed = 'tagged'
         on_bad_value = 'quarantine'
         generated = 'translate'
         triggers = 'timestamps'
         comments = 'off'
         verify = 'count'
         naive_tz = 'Europe/Berlin'
         jobs = 3
         retry_for = '90s'
         fail_fast = true
         chunk_bytes = '8MiB'
         chunk_rows = 1_000",
    );
    let expected = Options {
        schema: Some("app".to_owned()),
        tables: Some(vec!["u*".to_owned(), "orders".to_owned()]),
        exclude: Some(vec!["tmp_*".to_owned()]),
        create: Some(CreatePolicy::Never),
        existing: Some(ExistingPolicy::Append),
        orphans: Some(OrphanPolicy::Quarantine),
        names: Some(NamePolicy::Snake),
        infer: Some(Infer::Content),
        mixed: Some(MixedPolicy::Tagged),
        on_bad_value: Some(BadValuePolicy::Quarantine),
        generated: Some(GeneratedPolicy::Translate),
        triggers: Some(TriggerPolicy::Timestamps),
        comments: Some(CommentPolicy::Off),
        verify: Some(VerifyLevel::Count),
        naive_tz: Some("Europe/Berlin".to_owned()),
        jobs: Some(3),
        retry_for: Some(std::time::Duration::from_secs(90)),
        fail_fast: Some(true),
        chunk_bytes: Some(8 << 20),
        chunk_rows: Some(1000),
    };
    assert_eq!(settings.options, expected);
    assert!(settings.says_nothing_of_tables());
    assert_eq!(read("").options, Options::default());
}

#[test]
fn every_key_of_tables_and_columns() {
    let settings = read(
        "[tables.Users]
         rename = 'people'
         where = \"deleted = 0\"
         on_bad_value = 'quarantine'
         [tables.Users.columns.created]
         type = 'timestamptz'
         encoding = 'local'
         time_zone = 'Europe/Berlin'
         rename = 'created_at'
         empty = 'null'
         nul = 'strip'
         invalid_utf8 = 'latin1'
         [tables.Users.columns.secret]
         skip = true
         on_bad_value = 'refuse'
         [tables.audit]
         skip = true",
    );
    let users = TableChoice {
        rename: Some("people".to_owned()),
        skip: false,
        filter: Some("deleted = 0".to_owned()),
        partition: None,
    };
    assert_eq!(settings.table("users"), users);
    assert!(settings.table("audit").skip);
    let created = ColumnChoice {
        rename: Some("created_at".to_owned()),
        skip: false,
        pg_type: Some("timestamptz".to_owned()),
        encoding: Some("local".to_owned()),
        time_zone: Some("Europe/Berlin".to_owned()),
        on_bad_value: Some(BadValuePolicy::Quarantine),
        cleanse: Cleanse {
            empty_null: true,
            nul: Some(NulPolicy::Strip),
            invalid_utf8: Some(InvalidPolicy::Latin1),
        },
    };
    assert_eq!(settings.column("Users", "created"), created);
    let secret = settings.column("Users", "secret");
    assert!(secret.skip && secret.on_bad_value == Some(BadValuePolicy::Refuse));
    assert_eq!(settings.column("other", "created"), ColumnChoice::default());
}

#[test]
fn each_key_comes_from_the_closest_rule() {
    let settings = read(
        "[tables.'*'.columns.'*']
         empty = 'null'
         nul = 'strip'
         [tables.'*'.columns.created_at]
         type = 'timestamp'
         time_zone = 'UTC'
         [tables.'log_*'.columns.'*_at']
         type = 'timestamptz'
         [tables.log_2024.columns.'*']
         empty = 'keep'
         encoding = 'epoch_s'",
    );
    let choice = settings.column("log_2024", "created_at");
    assert_eq!(
        choice.pg_type.as_deref(),
        Some("timestamptz"),
        "the table's pattern comes before the column's"
    );
    assert_eq!(choice.time_zone.as_deref(), Some("UTC"), "each key for itself");
    assert_eq!(choice.encoding.as_deref(), Some("epoch_s"));
    assert!(!choice.cleanse.empty_null, "a closer rule takes back");
    assert_eq!(choice.cleanse.nul, Some(NulPolicy::Strip));
    assert_eq!(settings.column("users", "created_at").pg_type.as_deref(), Some("timestamp"));
}

#[test]
fn equally_close_rules_that_differ_are_a_conflict() {
    let text = "[tables.'a*'.columns.x]\ntype = 'text'\n[tables.'*b'.columns.x]\ntype = 'bigint'\n";
    let settings = read(text);
    let (one, other) = settings.conflict("ab", Some("x")).expect("two types");
    let mut lines = [one.place.line, other.place.line];
    lines.sort_unstable();
    assert_eq!(lines, [2, 4]);
    assert_eq!(settings.conflict("a", Some("x")), None, "only one of them means this table");
    let same = read("[tables.'a*']\nskip = true\n[tables.'*b']\nskip = true\n");
    assert_eq!(same.conflict("ab", None), None, "they say the same");
    let closer = read("[tables.'a*']\nskip = true\n[tables.'*b']\nskip = false\n[tables.ab]\nskip = true\n");
    assert_eq!(closer.conflict("ab", None), None, "a closer rule decides");
}

#[test]
fn mistakes_are_named_with_place_and_suggestion_all_at_once() {
    let found = mistakes(
        "[options]\nshema = 'x'\nnames = 'snak'\nto = 'postgres://u:hunter2@h/d'\nfrom = 'a.db'\njobs = 0\n\
         [tabels.x]\n\
         [tables.users]\nrenam = 'y'\nskip = 'yes'\ntype = 'text'\n\
         [tables.users.columns.a]\ntyp = 'text'\nencoding = 'epoch_sm'\nnul = 1\n",
    );
    for expected in [
        "cutover.toml:2:1: unknown option `shema`; did you mean `schema`?",
        "cutover.toml:3:9: `names` cannot be `snak`; did you mean `snake`?",
        "cutover.toml:4:1: `to` is not allowed here: a target may hold a password",
        "cutover.toml:5:1: `from` belongs to one run",
        "cutover.toml:6:8: `jobs` must be a whole number from 1 to 64",
        "cutover.toml:7:2: unknown key `tabels`; did you mean `tables`?",
        "cutover.toml:9:1: unknown key `renam` of a table; did you mean `rename`?",
        "cutover.toml:10:8: `skip` must be true or false, not a text",
        "cutover.toml:11:1: unknown key `type` of a table; it is a key of columns",
        "cutover.toml:13:1: unknown key `typ` of a column; did you mean `type`?",
        "cutover.toml:14:12: unknown encoding `epoch_sm`; did you mean `epoch_s`?",
        "cutover.toml:15:7: `nul` must be a text in quotes, not a number",
    ] {
        assert!(found.contains(expected), "{expected}\nis not in\n{found}");
    }
    assert!(!found.contains("hunter2"));
    assert_eq!(found.lines().count(), 12, "{found}");
}

#[test]
fn broken_toml_is_named_with_its_place() {
    assert!(mistakes("[options]\nschema = \n").starts_with("cutover.toml:2:"));
    assert!(mistakes("[options]\nschema = 'a'\nschema = 'b'\n").starts_with("cutover.toml:3:"));
    assert!(mistakes("schema = 'a'").contains("options stand below [options]"));
    assert!(
        mistakes("[tables]\nusers = 1").contains("cutover.toml:2:9: a table must be a table, not a number")
    );
    assert!(mistakes("[tables.t]\nrename = ''").contains("is empty"));
}

#[test]
fn pairs_of_flags() {
    assert_eq!(flag_spellings("yes/no"), Some(("yes", "no")));
    for bad in ["yes", "yes/", "/no", "a/a", "a/b/c"] {
        assert_eq!(flag_spellings(bad), None, "{bad}");
    }
    assert_eq!(
        read("[tables.t.columns.c]\nencoding = 't/f'").column("t", "c").encoding.as_deref(),
        Some("t/f")
    );
}

#[test]
fn what_is_written_reads_the_same() {
    for text in ["plain", "with \"quotes\" and \\", "line\nbreak\tand\u{7f}", "é😀"] {
        let file = format!("[tables.{}]\nwhere = {}\n", toml_string(text), toml_string(text));
        assert_eq!(read(&file).table(text).filter.as_deref(), Some(text));
    }
}

#[test]
fn comments_and_order_of_keys_make_no_difference() {
    let one = read("# a\n[tables.t]\nskip = false\nwhere = 'a > 1'\n");
    let other = read("[options]\njobs = 2\n[tables.t]\nwhere = 'a > 1' # b\nskip = false\n");
    assert_eq!(one.canonical(), other.canonical());
    assert_ne!(one.canonical(), read("[tables.t]\nwhere = 'a > 2'\nskip = false\n").canonical());
}

#[test]
fn partitions_are_said_and_taken_back() {
    let settings = read(
        "[tables.'log_*']\npartition = {by = 'at', every = 'month'}\n[tables.log_1]\npartition = false\n\
         [tables.n.partition]\nby = 'id'\nevery = 1_000_000\n",
    );
    let choice = |by: &str, every| Some(PartitionChoice { by: by.to_owned(), every });
    assert_eq!(settings.table("log_2").partition, choice("at", Every::Period(Period::Month)));
    assert_eq!(settings.table("log_1").partition, None);
    assert_eq!(settings.table("n").partition, choice("id", Every::Step(1_000_000)));
    assert_eq!(settings.table("other").partition, None);
    for (table, written) in [
        ("log_2", "{by = \"at\", every = \"month\"}"),
        ("log_1", "false"),
        ("n", "{by = \"id\", every = 1000000}"),
    ] {
        assert_eq!(settings.effective(table, None)[0].value.toml(), written);
        let again = read(&format!("[tables.{table}]\npartition = {written}\n"));
        assert_eq!(again.table(table).partition, settings.table(table).partition, "{written}");
    }
}

#[test]
fn mistakes_of_partitions_are_named() {
    for (written, expected) in [
        (
            "{by = 'a', every = 'monthly'}",
            "`every` cannot be `monthly`; did you mean `month`? (it is day, week,",
        ),
        ("{by = 'a', every = 0}", "`every` must be a whole number from 1 to 9223372036854775807"),
        ("{by = 'a', every = -5}", "`every` must be a whole number from 1"),
        ("{by = 'a', every = 9223372036854775808}", "`every` must be a whole number from 1"),
        (
            "{by = 'a', every = true}",
            "`every` must be a word (day, week, month, quarter, year) or a whole number",
        ),
        ("{by = 1, every = 'day'}", "`by` must be a text in quotes, not a number"),
        ("{by = 'a', evry = 'day'}", "unknown key `evry` of partition; did you mean `every`?"),
        ("{by = 'a'}", "`partition` needs `by` and `every`; `every` is missing"),
        ("{}", "`partition` needs `by` and `every`; `by` is missing"),
        ("true", "`partition` must be {by = \"COLUMN\", every = \"month\"}, or false, not true or false"),
        ("'month'", "`partition` must be {by = \"COLUMN\", every = \"month\"}, or false, not a text"),
    ] {
        let found = mistakes(&format!("[tables.t]\npartition = {written}\n"));
        assert!(found.contains(expected), "{expected}\nis not in\n{found}");
        assert_eq!(found.lines().count(), 1, "{found}");
    }
}
