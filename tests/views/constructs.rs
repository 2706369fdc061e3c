//! Every construct that a view may be made of: each view of one file shows the same rows on both sides, with rows to show.

use super::compare::{same_order, types};
use super::moved;
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

const TABLES: &str = "
    CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT, area REAL, founded DATE, capital BOOLEAN);
    CREATE TABLE person (id INTEGER PRIMARY KEY, city_id INTEGER, name TEXT, nick TEXT COLLATE NOCASE,
      age INTEGER, weight REAL, boss INTEGER, pay NUMERIC, joined DATETIME, photo BLOB);
    CREATE TABLE visit (person_id INTEGER NOT NULL, city_id INTEGER NOT NULL, n INTEGER NOT NULL, note TEXT,
      PRIMARY KEY (person_id, city_id));
    CREATE TABLE tag (code TEXT NOT NULL UNIQUE, label TEXT);
    CREATE TABLE nick (code TEXT UNIQUE, n INTEGER);
    INSERT INTO nick VALUES ('ANNE', 1), ('bert', 2), (NULL, 3), (NULL, 4);
    CREATE TABLE empty (id INTEGER PRIMARY KEY, v INTEGER, r REAL);
    INSERT INTO city VALUES (1, 'Zürich', 'CH', 87.9, '0853-01-01', 0), (2, 'bern', 'CH', 51.6, '1191-05-02', 1),
      (3, 'Aarau', 'CH', NULL, NULL, 0), (4, 'Wien', 'AT', 414.8, '1137-09-30', 1), (5, 'Ébène', NULL, 1e-3, '1990-01-01', NULL);
    INSERT INTO person VALUES
      (1, 1, 'Anna', 'ANNE', 30, 60.5, NULL, 100, '2020-01-01 08:00:00', x'00ff'),
      (2, 1, 'bert', 'Bert', 40, 80.25, 1, 99.5, '2021-02-03 09:30:00', x''),
      (3, 2, 'Cora', 'anne', NULL, 55.125, 1, 12, '2020-01-01 08:00:00', NULL),
      (4, NULL, NULL, NULL, 25, NULL, 2, NULL, NULL, x'61'),
      (5, 4, 'Ärne', 'bert', 40, 70.1, 2, 0.1, '1999-12-31 23:59:59', x'00'),
      (6, 9, 'anna', 'x', -5, 70.2, 9, 3, '2024-02-29 00:00:00', NULL);
    INSERT INTO visit VALUES (1, 1, 3, 'a'), (1, 2, 1, NULL), (2, 2, 5, 'b'), (3, 1, 2, 'a'), (5, 4, 9, 'c'), (6, 3, 1, NULL);
    INSERT INTO tag VALUES ('a', 'Alpha'), ('b', NULL), ('c', 'Gamma');
    CREATE TABLE \"Odd Names\" (\"Select\" INTEGER PRIMARY KEY, \"a\"\"b\" TEXT, [x y] TEXT);
    INSERT INTO \"Odd Names\" VALUES (1, 'p', 'q'), (2, NULL, 'r');
";

/// Name, and what the view selects.
const VIEWS: [(&str, &str); 112] = [
    // names and stars
    ("star", "SELECT * FROM city"),
    ("star_of_one", "SELECT p.*, c.name FROM person p JOIN city c ON c.id = p.city_id"),
    ("stars", "SELECT * FROM city, tag"),
    ("star_twice", "SELECT c.*, * FROM city AS c JOIN tag"),
    ("odd_names", "SELECT \"Select\", [a\"b], `x y` AS \"z \"\"\" FROM \"Odd Names\" o WHERE o.[Select] > 0"),
    ("other_case", "SELECT NAME, Person.AGE FROM PERSON"),
    ("text_in_double_quotes", "SELECT id FROM city WHERE country = \"CH\""),
    ("unnamed", "SELECT age + 1, name || '!', 7, 'x', NULL FROM person"),
    ("same_names", "SELECT c.name, p.name, c.id, p.id FROM person p JOIN city c ON c.id = p.city_id"),
    ("no_from", "SELECT 1 AS one, 'a' AS a, NULL AS n, 1.5 AS r, x'00' AS b"),
    ("rowid_alias", "SELECT rowid, _rowid_ AS r, c.oid AS o FROM city c"),
    // an answer that rests on the row around alone
    ("in_another_class", "SELECT id, name IN (SELECT photo FROM person) AS z FROM person"),
    (
        "where_in_another_class",
        "SELECT id FROM person WHERE (name NOT IN (SELECT photo FROM person WHERE photo IS NOT NULL)) IS NOT 0",
    ),
    // joins
    ("comma", "SELECT p.id, c.id AS c FROM person p, city c WHERE p.city_id = c.id"),
    (
        "comma_before_join",
        "SELECT p.id, v.n, c.name FROM person p, visit v JOIN city c ON c.id = v.city_id AND p.id = v.person_id",
    ),
    ("cross", "SELECT t.code, c.id FROM tag t CROSS JOIN city c"),
    ("cross_on", "SELECT p.id, c.id AS c FROM person p CROSS JOIN city c ON c.id = p.city_id"),
    ("join_without_on", "SELECT t.code, c.id FROM tag t JOIN city c"),
    ("left_join", "SELECT p.id, c.name, c.area FROM person p LEFT JOIN city c ON c.id = p.city_id"),
    ("left_join_filter", "SELECT p.id FROM person p LEFT JOIN city c ON c.id = p.city_id WHERE c.id IS NULL"),
    (
        "left_then_inner",
        "SELECT p.id, c.name, v.n FROM person p LEFT JOIN city c ON c.id = p.city_id JOIN visit v ON v.person_id = p.id",
    ),
    ("right_join", "SELECT p.id, c.name FROM person p RIGHT JOIN city c ON c.id = p.city_id"),
    ("full_join", "SELECT p.id, c.name FROM person p FULL JOIN city c ON c.id = p.city_id"),
    ("full_using", "SELECT city_id, p.name, v.n FROM person p FULL JOIN visit v USING (city_id)"),
    (
        "full_using_star",
        "SELECT * FROM (SELECT id AS k, name FROM city) FULL JOIN (SELECT boss AS k, age FROM person) USING (k)",
    ),
    ("right_using", "SELECT city_id, p.name, v.n FROM person p RIGHT JOIN visit v USING (city_id)"),
    (
        "left_using",
        "SELECT city_id, v.city_id AS theirs, v.n FROM person p LEFT JOIN visit v USING (city_id)",
    ),
    ("using_star", "SELECT * FROM person JOIN visit USING (city_id)"),
    ("using_two", "SELECT * FROM visit a JOIN visit b USING (person_id, city_id)"),
    (
        "using_chain",
        "SELECT id, x.a, y.b, z.name FROM (SELECT id, age AS a FROM person) x JOIN (SELECT id, boss AS b FROM person) y USING (id) JOIN city z USING (id)",
    ),
    ("natural", "SELECT * FROM (SELECT id, age FROM person) NATURAL JOIN (SELECT id, area FROM city)"),
    (
        "natural_left",
        "SELECT * FROM (SELECT id, age FROM person) NATURAL LEFT JOIN (SELECT id, area FROM city)",
    ),
    ("natural_nothing", "SELECT * FROM tag NATURAL JOIN (SELECT id FROM city)"),
    ("self_join", "SELECT a.name, b.name AS boss FROM person a JOIN person b ON b.id = a.boss"),
    (
        "later_table",
        "SELECT a.id, c.name FROM person a JOIN visit v ON v.city_id = c.id JOIN city c ON a.id = v.person_id",
    ),
    (
        "parentheses",
        "SELECT p.id, v.n, c.name FROM person p LEFT JOIN (visit v JOIN city c ON c.id = v.city_id) ON v.person_id = p.id",
    ),
    (
        "parentheses_first",
        "SELECT p.id, v.n FROM (person p JOIN visit v ON v.person_id = p.id) LEFT JOIN city c ON c.id = v.city_id",
    ),
    ("join_of_text_and_number", "SELECT a.id FROM city a JOIN city b ON a.name > b.name"),
    // subqueries
    ("subquery", "SELECT q.n, q.id FROM (SELECT id, name AS n FROM city WHERE id > 1) AS q WHERE q.id < 5"),
    ("subquery_without_name", "SELECT n FROM (SELECT count(*) AS n FROM city)"),
    (
        "subquery_duplicates",
        "SELECT \"id:1\" FROM (SELECT a.id, b.id FROM city a JOIN city b ON b.id = a.id + 1)",
    ),
    ("nested", "SELECT x FROM (SELECT y AS x FROM (SELECT z AS y FROM (SELECT age AS z FROM person)))"),
    ("scalar_sum", "SELECT id, (SELECT count(*) FROM person p WHERE p.city_id = c.id) AS people FROM city c"),
    ("scalar_key", "SELECT id, (SELECT name FROM city WHERE id = person.city_id) AS town FROM person"),
    (
        "scalar_text_key",
        "SELECT note, (SELECT label FROM tag WHERE tag.code = visit.note) AS label FROM visit",
    ),
    (
        "scalar_two_keys",
        "SELECT (SELECT n FROM visit WHERE person_id = p.id AND city_id = p.city_id) AS n FROM person p",
    ),
    (
        "scalar_limit",
        "SELECT c.id, (SELECT p.age FROM person p WHERE p.city_id = c.id ORDER BY p.age LIMIT 1) AS a FROM city c",
    ),
    (
        "scalar_limit_key",
        "SELECT c.id, (SELECT p.name FROM person p WHERE p.city_id = c.id ORDER BY p.age DESC, p.id LIMIT 1) AS a FROM city c",
    ),
    ("scalar_alone", "SELECT (SELECT max(age) FROM person) AS oldest, (SELECT 1) AS one"),
    ("exists", "SELECT id FROM city c WHERE EXISTS (SELECT 1 FROM person WHERE city_id = c.id)"),
    (
        "not_exists",
        "SELECT id, EXISTS (SELECT * FROM visit WHERE city_id = c.id) AS seen FROM city c WHERE NOT EXISTS (SELECT 1 FROM person WHERE city_id = c.id AND age > 35)",
    ),
    ("is_in", "SELECT id FROM city WHERE id IN (SELECT city_id FROM person)"),
    (
        "is_not_in",
        "SELECT id FROM city WHERE id NOT IN (SELECT city_id FROM person WHERE city_id IS NOT NULL)",
    ),
    ("is_not_in_with_null", "SELECT id FROM city WHERE id NOT IN (SELECT city_id FROM person)"),
    (
        "in_as_value",
        "SELECT id, id IN (SELECT city_id FROM person) AS y, id NOT IN (SELECT city_id FROM person) AS n FROM city",
    ),
    (
        "in_of_nothing",
        "SELECT id, NULL IN (SELECT id FROM empty) AS a, boss IN (SELECT id FROM empty) AS b FROM person",
    ),
    ("in_nocase", "SELECT id FROM person WHERE nick IN (SELECT code || 'ert' FROM tag)"),
    ("in_real", "SELECT id FROM person WHERE age IN (SELECT weight - 30.5 FROM person)"),
    (
        "shadowed",
        "SELECT id FROM person WHERE EXISTS (SELECT 1 FROM city person WHERE person.id = 2 AND name = 'bern')",
    ),
    (
        "two_levels",
        "SELECT c.id FROM city c WHERE EXISTS (SELECT 1 FROM person p WHERE p.city_id = c.id AND EXISTS (SELECT 1 FROM visit v WHERE v.person_id = p.id AND v.city_id = c.id))",
    ),
    // WITH
    ("with_one", "WITH w AS (SELECT id, age FROM person WHERE age > 0) SELECT * FROM w"),
    (
        "with_columns",
        "WITH w(k, v) AS (SELECT id, name FROM city), z AS (SELECT k FROM w WHERE k > 2) SELECT w.v FROM w JOIN z ON z.k = w.k",
    ),
    ("with_hides", "WITH city AS (SELECT 7 AS id) SELECT id FROM city"),
    ("with_values", "WITH w(a, b) AS (VALUES (1, 'x'), (2, NULL)) SELECT * FROM w"),
    ("values_alone", "VALUES (1, 'a'), (2, 'b')"),
    // groups
    (
        "sums",
        "SELECT count(*) AS a, count(age) AS b, sum(age) AS c, avg(age) AS d, min(age) AS e, max(age) AS f, total(age) AS g FROM person",
    ),
    (
        "sums_of_reals",
        "SELECT sum(weight) AS a, avg(weight) AS b, total(weight) AS c, min(weight) AS d, max(weight) AS e FROM person",
    ),
    (
        "sums_of_numbers",
        "SELECT sum(pay) AS a, avg(pay) AS b, total(pay) AS c, min(pay) AS d, max(pay) AS e FROM person",
    ),
    (
        "sums_of_nothing",
        "SELECT sum(v) AS a, total(v) AS b, avg(v) AS c, count(v) AS d, max(v) AS e, sum(r) AS f, total(r) AS g, avg(r) AS h FROM empty",
    ),
    (
        "sums_of_flags",
        "SELECT sum(capital) AS a, min(capital) AS b, max(capital) AS c, avg(capital) AS d FROM city",
    ),
    (
        "extreme_texts",
        "SELECT min(name) AS a, max(name) AS b, min(founded) AS c, max(founded) AS d FROM city",
    ),
    (
        "distinct_sums",
        "SELECT count(DISTINCT age) AS a, sum(DISTINCT age) AS b, count(DISTINCT nick) AS c, count(DISTINCT name) AS d FROM person",
    ),
    (
        "filtered_sums",
        "SELECT count(*) FILTER (WHERE age > 30) AS a, sum(age) FILTER (WHERE city_id = 1) AS b, avg(age) FILTER (WHERE age > 99) AS c FROM person",
    ),
    ("grouped", "SELECT city_id, count(*) AS n, sum(age) AS s FROM person GROUP BY city_id"),
    (
        "grouped_by_text",
        "SELECT country, count(*) AS n, max(name) AS m FROM city GROUP BY country HAVING count(*) >= 1",
    ),
    ("grouped_by_number", "SELECT country, capital, count(*) FROM city GROUP BY 1, 2"),
    ("grouped_by_name", "SELECT age / 10 AS decade, count(*) AS n FROM person GROUP BY decade HAVING n > 0"),
    (
        "grouped_by_key",
        "SELECT c.id, c.name, c.area, count(p.id) AS n FROM city c LEFT JOIN person p ON p.city_id = c.id GROUP BY c.id",
    ),
    (
        "grouped_by_key_nocase",
        "SELECT p.id, p.nick, p.photo, sum(v.n) AS n FROM person p LEFT JOIN visit v ON v.person_id = p.id GROUP BY p.id",
    ),
    ("grouped_expression", "SELECT 1 + age % 7 AS r, sum(age + 1) AS s FROM person GROUP BY age % 7"),
    (
        "joined_strings",
        "SELECT city_id, group_concat(name, '; ' ORDER BY name) AS names, string_agg(id, ',' ORDER BY id DESC) AS ids FROM person GROUP BY city_id",
    ),
    (
        "grouped_with_subquery",
        "SELECT city_id, (SELECT name FROM city WHERE city.id = person.city_id) AS town FROM person GROUP BY city_id",
    ),
    ("having_alone", "SELECT max(age) AS m FROM person HAVING count(*) > 100"),
    // DISTINCT, UNION, ORDER BY, LIMIT
    ("distinct", "SELECT DISTINCT country, capital FROM city"),
    ("distinct_ordered", "SELECT DISTINCT country AS c, area FROM city ORDER BY c DESC, 2"),
    ("united", "SELECT id, name FROM city UNION SELECT id, name FROM person ORDER BY name, 1 DESC"),
    (
        "united_all",
        "SELECT id, 0 AS kind, NULL AS x FROM city UNION ALL SELECT id, capital, name FROM city UNION ALL SELECT 1, 2, 'z'",
    ),
    (
        "left_to_right",
        "SELECT id FROM city UNION ALL SELECT id FROM person INTERSECT SELECT age / 10 FROM person EXCEPT SELECT 3",
    ),
    ("ordered", "SELECT name, age FROM person ORDER BY age DESC, name COLLATE NOCASE, id"),
    ("limited", "SELECT id, name FROM city ORDER BY name DESC, id LIMIT 2 OFFSET 1"),
    // constants where PostgreSQL would see positions, and what stands within what
    ("constant_key", "SELECT 'x' AS kind, count(*) AS n FROM city GROUP BY kind"),
    ("constant_key_of_nothing", "SELECT 9 AS k, count(*) AS n FROM empty GROUP BY k"),
    ("constant_order", "SELECT name, 9 AS k FROM city ORDER BY k, name LIMIT 3"),
    ("class_key", "SELECT typeof(id) AS t, count(*) AS n FROM city GROUP BY typeof(id)"),
    ("nullable_key", "SELECT id, (SELECT n FROM nick WHERE code = p.nick COLLATE BINARY) AS n FROM person p"),
    ("computed_column", "SELECT c.id, p.k FROM city c JOIN (SELECT id + 0 AS k FROM person) p ON p.k = c.id"),
    (
        "sum_of_subqueries",
        "SELECT sum((SELECT count(*) FROM visit v WHERE v.person_id = p.id)) AS s FROM person p",
    ),
    (
        "case_of_sums",
        "SELECT CASE WHEN count(*) > 1 THEN max(name) ELSE 'few' END AS x, coalesce(sum(pay), 0) AS y FROM person GROUP BY city_id",
    ),
    (
        "between_dates",
        "SELECT id FROM person WHERE joined BETWEEN datetime('2020-01-01') AND datetime('2021-12-31 12:00')",
    ),
    (
        "dates",
        "SELECT date(joined) AS d, strftime('%Y', joined) AS y, count(*) AS n FROM person GROUP BY 1, 2",
    ),
    (
        "group_of_union",
        "SELECT k, count(*) AS n FROM (SELECT id AS k FROM city UNION ALL SELECT city_id FROM person) GROUP BY k",
    ),
    ("in_union", "SELECT id FROM city WHERE id IN (SELECT city_id FROM visit UNION SELECT age FROM person)"),
    (
        "join_of_groups",
        "SELECT c.name, q.n FROM city c LEFT JOIN (SELECT city_id, count(*) AS n FROM person GROUP BY city_id) q ON q.city_id = c.id",
    ),
    (
        "having_subquery",
        "SELECT city_id, count(*) AS n FROM person GROUP BY city_id HAVING count(*) >= (SELECT min(n) FROM visit)",
    ),
    (
        "ordered_by_sums",
        "SELECT country, count(*) AS n FROM city GROUP BY country ORDER BY count(*) DESC, country",
    ),
    (
        "ordered_by_subquery",
        "SELECT id FROM city c ORDER BY (SELECT count(*) FROM person WHERE city_id = c.id) DESC, id",
    ),
    ("distinct_limited", "SELECT DISTINCT country FROM city ORDER BY 1 LIMIT 2"),
    ("union_limited", "SELECT country FROM city UNION SELECT name FROM person ORDER BY 1 DESC LIMIT 3"),
    (
        "with_in_subquery",
        "SELECT id, (WITH w AS (SELECT max(n) AS m FROM visit) SELECT m FROM w) AS m FROM city",
    ),
    ("values_in_from", "SELECT column1 AS a, column2 AS b FROM (VALUES (1, 'x'), (2, 'y'))"),
    ("boolean_values", "SELECT id, age > 30 AS old, name IS NULL AS unnamed, NOT age AS z FROM person"),
    ("negative_limit", "SELECT id FROM city LIMIT -1"),
];

fn source() -> SqliteFile {
    let views = VIEWS.iter().map(|(name, select)| format!("CREATE VIEW \"{name}\" AS {select};\n"));
    SqliteFile::from_sql(&(TABLES.to_owned() + &views.collect::<String>()))
}

#[test]
fn every_construct_shows_the_same_rows() {
    let Some(server) = Server::available() else { return };
    let source = source();
    let moved = moved(server, source.path(), &[]);
    assert!(moved.left.is_empty(), "{:#?}", moved.left);
    let rows = moved.compare(&source.connection()).unwrap_or_else(|difference| panic!("{difference}"));
    assert_eq!(rows.len(), VIEWS.len());
    let none: Vec<&str> =
        rows.iter().filter(|(_, count)| *count == 0).map(|(name, _)| name.as_str()).collect();
    let empty = ["constant_key_of_nothing", "having_alone", "is_not_in_with_null"];
    let none: Vec<&str> = none.into_iter().filter(|name| !empty.contains(name)).collect();
    assert!(none.is_empty(), "views without rows prove little: {none:?}");
}

#[test]
fn the_order_is_sqlites() {
    let Some(server) = Server::available() else { return };
    let source = source();
    let moved = moved(server, source.path(), &[]);
    let ordered =
        VIEWS.iter().filter(|(_, select)| select.contains("ORDER BY") && !select.contains("(SELECT"));
    for (view, _) in ordered.filter(|(name, _)| *name != "joined_strings") {
        same_order(&source.connection(), view, &moved.database, view)
            .unwrap_or_else(|difference| panic!("{difference}"));
    }
}

#[test]
fn another_row_is_found() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v REAL); INSERT INTO t VALUES (1, 1.5), (2, NULL);
         CREATE VIEW w AS SELECT id, v FROM t;",
    );
    let moved = moved(server, source.path(), &[]);
    assert_eq!(moved.compare(&source.connection()).unwrap(), [("w".to_owned(), 2)]);
    for (other, part) in [
        ("SELECT id, v FROM t WHERE v > 0", "2 rows in SQLite, 1 in PostgreSQL"),
        ("SELECT id, v + 1e-9 FROM t", "Number(1.5)"),
        ("SELECT id + 1, v FROM t", "Integer(2)"),
        ("SELECT id, coalesce(v, 0) FROM t", "Null"),
    ] {
        moved.database.execute(&format!("DROP VIEW w; CREATE VIEW w (id, v) AS {other}"));
        let told = moved.compare(&source.connection()).unwrap_err();
        assert!(told.contains(part), "{other}: {told}");
    }
}

#[test]
fn columns_are_called_as_in_sqlite() {
    let Some(server) = Server::available() else { return };
    let source = source();
    let moved = moved(server, source.path(), &[]);
    for (name, _) in VIEWS {
        let connection = source.connection();
        let mut statement = connection.prepare("SELECT name FROM pragma_table_xinfo(?1)").unwrap();
        let names: Vec<String> =
            statement.query_map([name], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let found: Vec<String> = types(&moved.database, name).into_iter().map(|(name, _)| name).collect();
        assert_eq!(found, names, "{name}");
    }
}

#[test]
fn views_are_made_of_views_in_any_order() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, \"Some Name\" TEXT, v REAL);
         INSERT INTO t VALUES (1, 'a', 1.5), (2, 'b', 2.5);
         CREATE VIEW top AS SELECT m.n, b.\"max(v)\" FROM middle m JOIN bottom b ON b.k = m.n;
         CREATE VIEW middle AS SELECT n FROM (SELECT k AS n FROM bottom);
         CREATE VIEW bottom AS SELECT id AS k, max(v), \"Some Name\" FROM t GROUP BY id, \"Some Name\";
         CREATE VIEW not_this AS SELECT random() AS r FROM t;
         CREATE VIEW nor_that AS SELECT r FROM not_this;",
    );
    let moved_as_is = moved(server, source.path(), &[]);
    assert_eq!(moved_as_is.compare(&source.connection()).unwrap().len(), 3);
    let order: Vec<&str> = moved_as_is.made.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(order, ["bottom", "middle", "top"]);
    assert_eq!(moved_as_is.why("nor_that"), "the view not_this is not carried");

    let snake = moved(server, source.path(), &["--names", "snake"]);
    let names: Vec<String> = types(&snake.database, "bottom").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["k", "max_v", "some_name"]);
    let renamed: Vec<&str> =
        snake.run.findings("W_RENAMED").iter().map(|finding| finding["object"].as_str().unwrap()).collect();
    assert_eq!(renamed, ["t.Some Name", "bottom.max(v)", "bottom.Some Name", "top.max(v)"]);
}
