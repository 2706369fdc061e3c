//! What integration tests stand on: a throwaway server, SQLite files from SQL text, the built program.

pub(crate) mod cli;
pub(crate) mod cluster;
pub(crate) mod dice;
pub(crate) mod flow;
pub(crate) mod postgres;
pub(crate) mod proxy;
pub(crate) mod psql;
pub(crate) mod seals;
pub(crate) mod secrets;
pub(crate) mod sqlite;

/// The support must be true itself before anything is proved with it.
mod tests {
    use super::cli::Cli;
    use super::postgres::{Server, query};
    use super::proxy::{At, Fault, Proxy, Rule, Way};
    use super::sqlite::SqliteFile;
    use std::time::Duration;

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

    fn ask(proxy: &Proxy) -> Result<String, String> {
        let rows = query(proxy.url(), "SELECT 'a' || 1; COMMIT; SELECT repeat('b', 100000)")?;
        Ok(rows.into_iter().flatten().flatten().map(|text| text.len().to_string()).collect())
    }

    #[test]
    fn the_proxy_breaks_what_it_is_told_to_and_nothing_else() {
        let Some(server) = Server::available() else { return };
        let database = server.fresh_database();
        let plain = Proxy::before(&database, []);
        let whole = ask(&plain);
        assert_eq!(whole, Ok("2100000".to_owned()));
        let (to, from) = (plain.messages(Way::ToServer), plain.bytes(Way::ToClient));
        assert!(to > 3 && from > 100_000 && plain.struck() == 0, "{to} {from}");
        for fault in [Fault::Cut, Fault::Reset] {
            for at in [At::Message(to - 1), At::Byte(40), At::Saying("COMMIT", 1), At::After("COMMIT", 1)] {
                let proxy = Proxy::before(&database, [Rule::new(Way::ToServer, at, fault)]);
                assert!(ask(&proxy).is_err(), "{fault:?} {at:?}");
                assert_eq!(ask(&proxy), whole, "{fault:?} {at:?}: the next connection is whole");
                assert_eq!((proxy.struck(), proxy.connections()), (1, 2), "{fault:?} {at:?}");
            }
        }
        let byte = Rule::new(Way::ToClient, At::Byte(from - 50_000), Fault::Reset);
        assert!(ask(&Proxy::before(&database, [byte])).is_err());
        let slow = Rule::new(Way::ToClient, At::Byte(1), Fault::Slow(4096, Duration::from_millis(1)));
        assert_eq!(ask(&Proxy::before(&database, [slow])), whole);
        let other = Rule::new(Way::ToServer, At::Message(1), Fault::Cut).on("copy 0").times(9);
        assert_eq!(ask(&Proxy::before(&database, [other])), whole);
        plain.refuse(true);
        assert!(ask(&plain).is_err());
    }

    #[test]
    fn a_stalled_proxy_goes_on_when_it_is_released_and_a_black_hole_never() {
        let Some(server) = Server::available() else { return };
        let database = server.fresh_database();
        let stall =
            Proxy::before(&database, [Rule::new(Way::ToServer, At::Saying("COMMIT", 1), Fault::Stall)]);
        let hole =
            Proxy::before(&database, [Rule::new(Way::ToServer, At::Saying("COMMIT", 1), Fault::BlackHole)]);
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| ask(&stall));
            let lost = scope.spawn(|| ask(&hole));
            while (stall.struck(), hole.struck()) != (1, 1) {
                std::thread::sleep(Duration::from_millis(2));
            }
            assert!(!asking.is_finished() && !lost.is_finished());
            stall.release();
            assert_eq!(asking.join().unwrap(), Ok("2100000".to_owned()));
            assert!(!lost.is_finished());
            hole.end();
            assert!(lost.join().unwrap().is_err());
        });
    }

    #[test]
    fn the_built_program_runs() {
        let done = Cli::new().args(["--version"]).env("NO_COLOR", "1").run();
        assert!(done.code >= 0, "ended by a signal: {done:?}");
        assert!(!done.stderr.contains("panicked"), "{done:?}");
        assert!(!done.stdout.contains("panicked"), "{done:?}");
    }
}
