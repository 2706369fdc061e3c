use super::*;
use crate::plan::{ForeignKeyPlan, OrphanProbe, PLAN_FORMAT, ScanKey, TableMode};
use crate::postgres::ledger::StepProgress;

const LARGE: u64 = SMALL_TABLE_BYTES_MAX * 100;

fn table(name: &str, bytes: u64, parents: &[&str]) -> TablePlan {
    let key = |parent: &&str| ForeignKeyPlan {
        name: format!("{name}_{parent}"),
        add: String::new(),
        validate: None,
        drop: None,
        probe: Some(OrphanProbe {
            columns: Vec::new(),
            parent: (*parent).to_owned(),
            parent_columns: Vec::new(),
        }),
        orphans: 0,
        quarantine: false,
    };
    TablePlan {
        source: name.to_owned(),
        target: name.to_owned(),
        mode: TableMode::Create,
        key: ScanKey::Whole,
        filter: None,
        rows: 1,
        bytes,
        columns: Vec::new(),
        partition: None,
        pre_data: Vec::new(),
        post_data: Vec::new(),
        checks: Vec::new(),
        foreign_keys: parents.iter().map(key).collect(),
        last: Vec::new(),
        lifted_indexes: Vec::new(),
        unique_keys: Vec::new(),
        sequences: Vec::new(),
    }
}

/// Steps by `table kind object`.
fn source(tables: Vec<TablePlan>, steps: &[[&str; 3]]) -> Source {
    let step = |(i, [table, kind, object]): (usize, &[&str; 3])| StepState {
        step: i as i32,
        table: (*table).to_owned(),
        kind: (*kind).to_owned(),
        object: (*object).to_owned(),
        sql: String::new(),
        restores: false,
        progress: StepProgress::Pending,
        detail: None,
    };
    let plan = Plan {
        format: PLAN_FORMAT,
        schema: "public".to_owned(),
        create_schema: false,
        tables,
        views: Vec::new(),
        not_carried: Vec::new(),
        findings: Vec::new(),
    };
    Source {
        owner: StepOwner { source_id: 1, epoch: 1, schema: "public".to_owned() },
        plan: Arc::new(plan),
        expected: Vec::new(),
        steps: steps.iter().enumerate().map(step).collect(),
    }
}

/// Each node's objects, in the order in which one worker would take them; nodes taken at once by several are joined.
async fn waves(source: Source) -> Vec<Vec<String>> {
    let graph = Arc::new(super::super::graph::Graph::new(draw(&mut [source], 2)));
    let mut waves = Vec::new();
    loop {
        let mut taken = Vec::new();
        while taken.is_empty() || graph.has_ready() {
            match graph.take().await {
                Some(node) => taken.push(node),
                None => return waves,
            }
        }
        waves.push(taken.iter().map(|(_, work)| objects(work)).collect());
    }
}

fn objects(work: &Work) -> String {
    let Work::Steps(_, steps) = work else { return "compare".to_owned() };
    let objects: Vec<&str> = steps.iter().map(|step| step.object.as_str()).collect();
    objects.join("+")
}

#[tokio::test]
async fn a_large_tables_indexes_stand_beside_each_other_behind_its_keys() {
    let steps = [
        ["a", "primary key", "a_pkey"],
        ["a", "unique", "a_code"],
        ["a", "index", "i1"],
        ["a", "index", "i2"],
        ["a", "check", "c"],
        ["a", "sequence", "id"],
        ["a", "comment", "a.id"],
        ["a", "vacuum", "a"],
    ];
    let waves = waves(source(vec![table("a", LARGE, &[])], &steps)).await;
    let expected: Vec<Vec<&str>> =
        vec![vec!["a_pkey"], vec!["a_code"], vec!["i1", "i2"], vec!["c"], vec!["id"], vec!["a.id+a"]];
    assert_eq!(waves, expected);
}

#[tokio::test]
async fn foreign_keys_wait_for_both_ends_and_vacuum_for_the_foreign_keys() {
    let tables = vec![table("p", LARGE, &[]), table("c", LARGE * 2, &["p"]), table("other", LARGE, &[])];
    let steps = [
        ["p", "primary key", "p_pkey"],
        ["c", "primary key", "c_pkey"],
        ["other", "primary key", "o_pkey"],
        ["c", "foreign key", "c_p"],
        ["c", "validate", "c_p"],
        ["", "view", "v"],
        ["p", "vacuum", "p"],
        ["c", "vacuum", "c"],
        ["other", "vacuum", "other"],
    ];
    let waves = waves(source(tables, &steps)).await;
    assert_eq!(waves[0], ["c_pkey", "p_pkey", "o_pkey"]);
    assert_eq!(waves[1], ["c_p", "other"]);
    assert_eq!(waves[2], ["c_p"]);
    assert_eq!(waves[3], ["v", "c", "p"]);
}

/// A key into a table that the source does not have, or that another source has, may lock any of them.
#[tokio::test]
async fn a_foreign_key_whose_parent_is_not_known_waits_for_all_and_every_vacuum_for_it() {
    let mut child = table("c", LARGE, &["p"]);
    child.foreign_keys[0].probe = None;
    let steps = [
        ["other", "primary key", "o_pkey"],
        ["c", "foreign key", "c_p"],
        ["c", "vacuum", "c"],
        ["other", "vacuum", "other"],
    ];
    let waves = waves(source(vec![child, table("other", LARGE, &[])], &steps)).await;
    assert_eq!(waves, [vec!["o_pkey"], vec!["c_p"], vec!["c", "other"]]);
}

/// Whoever writes into a table that was there waits for one index at a time.
#[tokio::test]
async fn indexes_of_a_table_that_was_there_go_one_by_one() {
    let existing = TablePlan { mode: TableMode::Existing, ..table("a", LARGE, &[]) };
    let steps = [["a", "index", "i1"], ["a", "index", "i2"]];
    assert_eq!(waves(source(vec![existing], &steps)).await, [["i1"], ["i2"]]);
}

#[tokio::test]
async fn a_few_small_tables_go_to_every_connection() {
    let tables = (0..5).map(|i| table(&format!("t{i}"), 10, &[])).collect();
    let names = ["t0", "t1", "t2", "t3", "t4"];
    let steps: Vec<[&str; 3]> = names.iter().map(|name| [*name, "vacuum", *name]).collect();
    assert_eq!(waves(source(tables, &steps)).await, [["t0+t1+t2", "t3+t4"]]);
}

#[tokio::test]
async fn small_tables_go_in_groups() {
    let names: Vec<String> = (0..SMALL_TABLES_AT_ONCE * 2 + 1).map(|i| format!("t{i:03}")).collect();
    let tables = names.iter().map(|name| table(name, 10, &["t000"])).collect();
    let mut steps: Vec<[&str; 3]> = Vec::new();
    for kind in ["primary key", "foreign key", "vacuum"] {
        steps.extend(names.iter().map(|name| [name.as_str(), kind, name.as_str()]));
    }
    let waves = waves(source(tables, &steps)).await;
    let sizes: Vec<Vec<usize>> =
        waves.iter().map(|wave| wave.iter().map(|node| node.split('+').count()).collect()).collect();
    assert_eq!(sizes, [vec![100, 100, 1], vec![201], vec![100, 100, 1]]);
}
