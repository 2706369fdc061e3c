//! What integration tests stand on: a throwaway server, SQLite files from SQL text, the built program.

pub(crate) mod cli;
pub(crate) mod cluster;
pub(crate) mod dice;
pub(crate) mod flow;
pub(crate) mod postgres;
pub(crate) mod psql;
pub(crate) mod sqlite;

/// The support must be true itself before anything is proved with it.
mod tests {
    use super::cli::Cli;
    use super::postgres::{Server, query};
    use super::sqlite::SqliteFile;

    #[test]
    fn each_test_has_its_own_database() {
        let Some(server) = Server::available() else { return };
        let (one, two) = (server.fresh_database(), server.fresh_database());
        one.execute("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, NULL)");
        assert_eq!(
            one.rows("SELECT a, b FROM t ORDER BY a"),
            [vec![Some("1".to_owned()), Some("x".to_owned())], vec![Some("2".to_owned()), None]]
        );
        assert_eq!(two.query_one_text("SELECT count(*) FROM pg_tables WHERE tablename = 't'"), "0");
        assert!(one.url().contains(&one.name));
        assert!(one.try_execute("SELECT nothing_like_this").unwrap_err().contains("nothing_like_this"));
    }

    #[test]
    fn a_dropped_database_is_gone() {
        let Some(server) = Server::available() else { return };
        let name = server.fresh_database().name.clone();
        let left = server
            .fresh_database()
            .query_one_text(&format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'"));
        assert_eq!(left, "0");
    }

    #[test]
    fn the_server_answers_by_tcp_and_has_room_for_many() {
        let Some(server) = Server::available() else { return };
        let database = server.fresh_database();
        assert_eq!(database.query_one_text("SHOW fsync"), "off");
        assert_eq!(database.query_one_text("SHOW max_connections"), "200");
        let tcp = database.tcp_url().replace("dbname=", "application_name=tcp dbname=");
        assert_eq!(
            query(&tcp, "SELECT host(inet_server_addr())"),
            Ok(vec![vec![Some("127.0.0.1".to_owned())]])
        );
    }

    #[test]
    fn sqlite_files_come_from_sql() {
        let file = SqliteFile::from_sql("CREATE TABLE t (a); INSERT INTO t VALUES (7)");
        let sum: i64 = file.connection().query_row("SELECT sum(a) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(sum, 7);
        assert!(file.path().is_file());
        assert!(SqliteFile::named("other.db", "").path().ends_with("other.db"));
    }

    #[test]
    fn the_built_program_runs() {
        let done = Cli::new().args(["--version"]).env("NO_COLOR", "1").run();
        assert!(done.code >= 0, "ended by a signal: {done:?}");
        assert!(!done.stderr.contains("panicked"), "{done:?}");
        assert!(!done.stdout.contains("panicked"), "{done:?}");
    }
}
