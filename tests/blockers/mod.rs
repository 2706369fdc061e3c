//! Whatever stands against a copy is found by `--validate`, with a way out that works as it is printed.
//!
//! Each blocker is planted in source or target. `--validate` exits 3 and names it with its code; the way out is taken from
//! the JSON report and applied to the letter; then `--validate` exits 0, and so does `--migrate`.

mod earlier;
mod rights;
mod settings;
mod target;
mod unseen;
mod values;

use crate::refusals::Role;
use crate::support::cli::Cli;
use crate::support::flow::{Run, four_at_once, shape};
use crate::support::postgres::{Database, Server};
use crate::support::psql::psql;
use crate::support::sqlite::SqliteFile;

/// Which of the printed ways is taken; each has a line of its own that begins so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// SQL that SQLite runs in the source
    Source,
    /// SQL that psql runs in the target, as its administrator
    Target,
    /// an option, added to the command line or put in the place of another value
    Option,
    /// a line of `cutover.toml`, added or put in the place of another value
    Setting,
}

impl By {
    fn prefix(self) -> &'static str {
        match self {
            By::Source => "in the source: ",
            By::Target => "in the target: ",
            By::Option => "option: ",
            By::Setting => "cutover.toml: ",
        }
    }
}

/// Something that stands against a copy.
#[derive(Debug, Clone, Copy)]
struct Blocker {
    name: &'static str,
    /// makes the source
    source: &'static str,
    /// makes a second source, where it is not empty
    second: &'static str,
    /// makes the target; `{r}` is the role of the run, `{d}` the database
    target: &'static str,
    /// options of the command line
    options: &'static [&'static str],
    /// lines of `cutover.toml`
    settings: &'static str,
    /// the run has a role of its own instead of the administrator's
    has_role: bool,
    code: &'static str,
    object: &'static str,
    by: By,
}

/// What most blockers have in common: one table, the administrator, no options.
const PLAIN: Blocker = Blocker {
    name: "",
    source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x')",
    second: "",
    target: "",
    options: &[],
    settings: "",
    has_role: false,
    code: "",
    object: "",
    by: By::Target,
};

/// The world of one blocker, as it is changed by the way out.
struct World<'a> {
    blocker: Blocker,
    sources: Vec<SqliteFile>,
    database: &'a Database,
    role: Option<Role<'a>>,
    options: Vec<String>,
    settings: Vec<String>,
    dir: tempfile::TempDir,
}

impl<'a> World<'a> {
    fn of(blocker: Blocker, database: &'a Database) -> World<'a> {
        let role = blocker.has_role.then(|| Role::new(database));
        let name = role.as_ref().map_or("postgres", |role| &role.1);
        database.execute(&blocker.target.replace("{r}", name).replace("{d}", &database.name));
        let sources = [blocker.source, blocker.second].into_iter().filter(|sql| !sql.is_empty());
        World {
            blocker,
            sources: sources.map(SqliteFile::from_sql).collect(),
            database,
            role,
            options: blocker.options.iter().map(|option| (*option).to_owned()).collect(),
            settings: blocker.settings.lines().map(str::to_owned).collect(),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    fn run(&self, mode: &str) -> Run {
        let url = self.role.as_ref().map_or_else(|| self.database.url(), Role::url);
        let mut cli = Cli::new().args(["copy", mode, "--to", &url]).args(&self.options);
        for source in &self.sources {
            cli = cli.args(["--from"]).args([source.path()]);
        }
        if !self.settings.is_empty() {
            let path = self.dir.path().join("cutover.toml");
            std::fs::write(&path, self.settings.join("\n")).unwrap();
            cli = cli.args(["--config"]).args([path]);
        }
        Run::of(cli)
    }

    /// Applies one way out as it is printed.
    fn apply(&mut self, way: &str) -> Result<(), String> {
        match self.blocker.by {
            By::Source => self.sources[0].connection().execute_batch(way).map_err(|error| error.to_string()),
            By::Target => psql(self.database, way),
            By::Option => {
                let (option, value) = way.split_once(' ').map_or((way, None), |(o, v)| (o, Some(v)));
                let value = value.map(|value| value.trim_matches('\'').to_owned());
                match (self.options.iter().position(|typed| typed == option), value) {
                    (Some(place), Some(value)) => self.options[place + 1] = value,
                    (_, value) => self.options.extend([Some(option.to_owned()), value].into_iter().flatten()),
                }
                Ok(())
            }
            By::Setting => {
                let (key, _) = way.split_once(" = ").ok_or("no key")?;
                let below = format!("{key}.");
                self.settings.retain(|line| {
                    let other = line.split_once(" = ").map_or("", |(other, _)| other);
                    other != key && !other.starts_with(&below)
                });
                self.settings.insert(0, way.to_owned());
                Ok(())
            }
        }
    }
}

/// The way out that the finding prints first, of those of its kind.
fn printed(run: &Run, blocker: &Blocker) -> Result<String, String> {
    let all = run.report["findings"].as_array().cloned().unwrap_or_default();
    let is_it = |finding: &&serde_json::Value| {
        finding["code"] == blocker.code
            && finding["severity"] == "refusal"
            && finding["object"].as_str().is_some_and(|object| object.contains(blocker.object))
    };
    let found = all.iter().find(is_it).ok_or_else(|| format!("not named: {all:#?} {}", run.done.stderr))?;
    let fix = found["fix"].as_str().unwrap_or_default();
    let ways = fix.lines().filter_map(|line| line.strip_prefix(blocker.by.prefix()));
    ways.map(str::to_owned).next().ok_or_else(|| format!("no such way: {fix}"))
}

fn ended(run: &Run, code: i32, when: &str) -> Result<(), String> {
    if run.done.code == code {
        Ok(())
    } else {
        Err(format!("{when}: exit {}: {}", run.done.code, run.said()))
    }
}

fn play(server: &Server, blocker: Blocker) -> Result<(), String> {
    let database = server.fresh_database();
    let mut world = World::of(blocker, &database);
    let before = shape(&database);
    let found = world.run("--validate");
    ended(&found, 3, "--validate before")?;
    let way = printed(&found, &blocker)?;
    if shape(&database) != before {
        return Err("--validate has written".to_owned());
    }
    world.apply(&way).map_err(|error| format!("{way}: {error}"))?;
    ended(&world.run("--validate"), 0, &format!("--validate after: {way}"))?;
    ended(&world.run("--migrate"), 0, &format!("--migrate after: {way}"))?;
    Ok(())
}

/// Plays all of them; every one that does not go as it should is told.
fn all(blockers: &[Blocker]) {
    let Some(server) = Server::available() else { return };
    let played = four_at_once(blockers.to_vec(), |blocker| {
        play(server, blocker).map_err(|why| format!("== {}: {why}", blocker.name))
    });
    let problems: Vec<String> = played.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "{} of {}:\n{}", problems.len(), blockers.len(), problems.join("\n"));
}

/// Two of one name would be one; and the suite must not become smaller unseen.
#[test]
fn there_are_many_and_all_are_different() {
    let parts = [values::ALL, target::ALL, rights::ALL, settings::ALL];
    let unseen = [unseen::NUMBERS, unseen::PARTITIONS, unseen::COMPUTED, unseen::KEYS];
    let all: Vec<Blocker> = [parts, unseen].iter().flatten().flat_map(|part| part.iter()).copied().collect();
    let names: std::collections::BTreeSet<&str> = all.iter().map(|blocker| blocker.name).collect();
    assert!(names.len() == all.len() && all.len() >= 50, "{}", all.len());
}
