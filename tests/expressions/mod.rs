//! Generated expressions over generated rows: SQLite's result and PostgreSQL's are equal, or the expression was refused
//! (semantics.md §3.6).
//!
//! The tables are moved by the built program, so that the types are those that a user gets; the session's settings are
//! others than ours. `CUTOVER_EXPR_PAIRS` says how many pairs of expression and row are compared (20,000),
//! `CUTOVER_EXPR_SEED` which; it is printed.

mod compare;
mod forms;
mod generate;
mod judge;
mod planted;
mod pools;
mod score;
mod stored;
mod table;

use crate::support::dice::{Dice, setting};
use crate::support::postgres::{Database, Server};
use cutover::plan::translate::{Reason, Scope};
use generate::{Generator, Node};
use judge::{Judge, OVERFLOW, Pair, Role, TRIED, Verdict, translated};
use score::Scores;
use std::fmt::Write as _;
use table::{Sort, Table};

/// How the source writes texts; where the server's locale changes nothing, and where it orders and folds as people do.
const WORLDS: [(&str, &str); 4] = [("UTF-8", ""), ("UTF-8", LOCALE), ("UTF-16le", ""), ("UTF-16be", LOCALE)];
const LOCALE: &str =
    "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'";

/// A kind of expression, and what it is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Family {
    /// what people write in a CHECK
    Usual,
    /// anything in a CHECK
    Check,
    /// anything in a WHERE
    Condition,
    /// any value
    Value,
    /// a key of an index
    Key,
    /// a generated column
    Stored,
}

/// How many of each are made for one table, and the share of them that may be refused, in percent: who refuses everything
/// disagrees with nothing.
const FAMILIES: [(Family, usize, u64); 6] = [
    (Family::Usual, 70, 25),
    (Family::Check, 30, 60),
    (Family::Condition, 30, 60),
    (Family::Value, 100, 60),
    (Family::Key, 20, 65),
    (Family::Stored, 24, 75),
];

/// An expression for that family.
fn generated(family: Family, generator: &mut Generator<'_>) -> Node {
    let depth = 1 + generator.dice.below(3) as u32;
    match family {
        Family::Usual => generator.usual(),
        Family::Check | Family::Condition => generator.node(Sort::Truth, depth),
        Family::Key => {
            let sort = *generator.dice.pick(&[Sort::Text, Sort::Text, Sort::Integer, Sort::Real, Sort::Day]);
            generator.node(sort, 1)
        }
        Family::Value | Family::Stored => {
            let sort = *generator.dice.pick(&[
                Sort::Integer,
                Sort::Integer,
                Sort::Real,
                Sort::Text,
                Sort::Text,
                Sort::Truth,
                Sort::Any,
            ]);
            generator.node(sort, depth)
        }
    }
}

/// What is told of a disagreement: the expression, its smallest part that disagrees by itself, and one row.
fn problem(
    (table, scope): (&Table, &Scope<'_>),
    judge: &Judge<'_>,
    (role, translate): (Role, Translate),
    node: &Node,
) -> String {
    let mut told = format!("{role:?} of {}", node.sql());
    for (part, role) in node.parts().into_iter().map(|part| (part, Role::Value)).chain([(node, role)]) {
        let Ok(pair) = translate(&part.sql(), role, scope) else { continue };
        let verdicts = judge.verdicts(role, std::slice::from_ref(&pair)).remove(0);
        let first = verdicts.iter().enumerate().find_map(|(at, verdict)| match verdict {
            Verdict::Disagree(left, right) => Some((at + 1, left, right)),
            _ => None,
        });
        if let Some((id, left, right)) = first {
            let Pair { sql, translated } = &pair;
            let row = table.row(id, sql);
            let _ = write!(
                told,
                "\n    {role:?} {sql}\n    is    {}\n    as    {:?} {:?}, affinity {:?}\n    where {row}\n    SQLite {left}, PostgreSQL {right}",
                translated.sql, translated.mapping.pg, translated.mapping.codec, translated.affinity
            );
            return told;
        }
    }
    told + "\n    only beside other expressions"
}

/// A translator: ours, or one whose mistakes are to be found.
type Translate = fn(&str, Role, &Scope<'_>) -> Result<Pair, Reason>;

/// One table, moved, and expressions of all families over it.
fn round(
    server: &Server,
    translate: Translate,
    dice: &mut Dice,
    (encoding, options): (&str, &str),
    scores: &mut Scores,
) {
    let table = Table::new(dice, table::ROWS);
    let file = table.file(encoding);
    let sqlite = file.connection();
    let generated_columns = stored::add(&table, &sqlite, dice);
    let database = server.database_with(options).unwrap_or_else(|_| server.fresh_database());
    let plan = table::moved(&table, &file, &database);
    database.execute(TRIED);
    let planned = |name: &str| plan.tables.iter().find(|table| table.source == name).unwrap();
    for (family, role, alias) in [
        (Family::Usual, Role::Check, None),
        (Family::Check, Role::Check, None),
        (Family::Condition, Role::Condition, Some("x")),
        (Family::Value, Role::Value, Some("x")),
        (Family::Value, Role::Value, None),
        (Family::Key, Role::Key, None),
        (Family::Key, Role::Order, None),
    ] {
        // How texts are ordered, a database's locale decides for ordinary columns, too.
        if role == Role::Order && (!options.is_empty() || encoding != "UTF-8") {
            continue;
        }
        let scope = Scope { utf16: encoding != "UTF-8", ..table::scope(&table, planned("t"), alias) };
        let from = alias.map_or_else(|| "t".to_owned(), |alias| format!("t AS {alias}"));
        let judge =
            Judge { sqlite: &sqlite, database: &database, from, key: format!("{}.id", alias.unwrap_or("t")) };
        let count = FAMILIES.iter().find(|counted| counted.0 == family).unwrap().1;
        let mut generator = Generator { columns: &table.columns, dice, alias: Some(alias.unwrap_or("t")) };
        let (mut nodes, mut pairs) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let node = generated(family, &mut generator);
            match translate(&node.sql(), role, &scope) {
                Err(reason) => scores.refuse(family, reason),
                Ok(pair) => {
                    nodes.push(node);
                    pairs.push(pair);
                }
            }
        }
        let verdicts = judge.verdicts(role, &pairs);
        for (node, verdicts) in nodes.iter().zip(verdicts) {
            scores.count(family, &verdicts);
            if verdicts.iter().any(|verdict| matches!(verdict, Verdict::Disagree(..))) {
                scores.problems.push(problem((&table, &scope), &judge, (role, translate), node));
            }
        }
        if role == Role::Value {
            scores.problems.extend(judge.mistyped(&pairs));
        }
        if role == Role::Key {
            indexed(&database, &pairs, scores);
        }
    }
    let scope = Scope { utf16: encoding != "UTF-8", ..table::scope(&table, planned("g"), None) };
    stored::judge(&generated_columns, planned("g"), &scope, &database, scores);
}

/// Each key makes an index.
fn indexed(database: &Database, pairs: &[Pair], scores: &mut Scores) {
    for pair in pairs {
        let made = database.try_execute(&format!("CREATE INDEX ON t (({}))", pair.translated.sql));
        let Err(error) = made else { continue };
        if !error.starts_with(OVERFLOW) || pair.translated.notes.is_empty() {
            scores
                .problems
                .push(format!("index on {}\n    is {}\n    {error}", pair.sql, pair.translated.sql));
        }
    }
}

#[test]
fn expressions_mean_the_same_or_are_refused() {
    let Some(server) = Server::available() else { return };
    let (seed, wanted) = (setting("CUTOVER_EXPR_SEED", 20_261_121), setting("CUTOVER_EXPR_PAIRS", 20_000));
    let (mut dice, mut scores) = (Dice(seed), Scores::default());
    let mut rounds = 0;
    // A round compares some thousand pairs, so that a translator which refuses all is no endless test.
    while scores.pairs() < wanted && rounds <= wanted / 1000 {
        round(server, translated, &mut dice, WORLDS[rounds as usize % WORLDS.len()], &mut scores);
        rounds += 1;
    }
    println!("expressions: seed {seed}, {rounds} tables, {} pairs\n{scores}", scores.pairs());
    let Scores { families, problems } = &scores;
    let shown = problems
        .iter()
        .take(setting("CUTOVER_EXPR_PROBLEMS", 20) as usize)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n\n");
    assert!(problems.is_empty(), "seed {seed}, {} disagreements:\n{shown}", problems.len());
    assert!(scores.pairs() >= wanted, "seed {seed}: only {} pairs were compared", scores.pairs());
    for (family, _, refused_percent) in FAMILIES {
        let score = &families[&family];
        assert!(
            score.refused * 100 <= score.expressions * refused_percent,
            "seed {seed}: {family:?} refuses {} of {}",
            score.refused,
            score.expressions
        );
    }
}

/// What is accepted, in SQLite's own words: the mistake that this room exists to avoid.
fn as_written(sql: &str, role: Role, scope: &Scope<'_>) -> Result<Pair, Reason> {
    let mut pair = translated(sql, role, scope)?;
    sql.clone_into(&mut pair.translated.sql);
    Ok(pair)
}

#[test]
fn expressions_as_they_were_written_mean_something_else() {
    let Some(server) = Server::available() else { return };
    let mut scores = Scores::default();
    round(server, as_written, &mut Dice(1), WORLDS[0], &mut scores);
    let told = scores.problems.join("\n");
    assert!(scores.problems.len() > 20, "{told}");
    for trap in ["LIKE", "COLLATE", " % ", " / ", "\"nc\"", "\"flag\""] {
        assert!(scores.problems.iter().any(|problem| problem.contains(trap)), "{trap} is not found: {told}");
    }
}
