//! Tables of connection strings; expectations from libpq's manual and its regression tests (`test/001_uri.pl`).

use super::*;
use crate::error::ErrorKind;
use proptest::prelude::*;

fn none(name: &str) -> Option<String> {
    (name == "USER").then(|| "osuser".to_string())
}

fn parse(text: &str) -> ConnInfo {
    ConnInfo::parse(text, &none).unwrap_or_else(|error| panic!("{text}: {error} {:?}", error.remedy_text()))
}

fn password(info: &ConnInfo) -> Option<&str> {
    info.endpoints[0].password.as_ref().map(|secret| secret.0.as_str())
}

/// text → display, user, password
const STRINGS: &[(&str, &str, &str, Option<&str>)] = &[
    ("postgresql://localhost", "localhost:5432/osuser", "osuser", None),
    ("postgres://localhost:5433", "localhost:5433/osuser", "osuser", None),
    ("postgresql://localhost/mydb", "localhost:5432/mydb", "osuser", None),
    ("postgresql://user@localhost", "localhost:5432/user", "user", None),
    ("postgresql://user:secret@localhost", "localhost:5432/user", "user", Some("secret")),
    (
        "postgresql://other@localhost/otherdb?connect_timeout=10&application_name=myapp",
        "localhost:5432/otherdb",
        "other",
        None,
    ),
    (
        "postgresql://host1:123,host2:456/somedb?target_session_attrs=any",
        "host1:123,host2:456/somedb",
        "osuser",
        None,
    ),
    ("postgresql:///mydb?host=localhost&port=5433", "localhost:5433/mydb", "osuser", None),
    ("postgresql://[2001:db8::1234]/database", "[2001:db8::1234]:5432/database", "osuser", None),
    ("postgresql://[::1]:5433,[::2]/d", "[::1]:5433,[::2]:5432/d", "osuser", None),
    (
        "postgresql:///dbname?host=/var/lib/postgresql",
        "/var/lib/postgresql/.s.PGSQL.5432/dbname",
        "osuser",
        None,
    ),
    (
        "postgresql://%2Fvar%2Flib%2Fpostgresql/dbname",
        "/var/lib/postgresql/.s.PGSQL.5432/dbname",
        "osuser",
        None,
    ),
    (
        "postgresql://user@localhost:5433/mydb?options=-c%20synchronous_commit%3Doff",
        "localhost:5433/mydb",
        "user",
        None,
    ),
    ("host=localhost port=5432 dbname=mydb connect_timeout=10", "localhost:5432/mydb", "osuser", None),
    ("postgresql://uri-user:pa%40s%2Fs@host/db", "host:5432/db", "uri-user", Some("pa@s/s")),
    ("postgresql://u:p?#:q@host/db", "host:5432/db", "u", Some("p?#:q")),
    ("postgresql://u:@host/db", "host:5432/db", "u", None),
    ("postgresql://:p@host/db", "host:5432/db", "osuser", Some("p")),
    ("postgresql://host/db?user=a&password=b", "host:5432/db", "a", Some("b")),
    ("postgresql://host/db?host=other", "other:5432/db", "osuser", None),
    ("postgresql://host/?dbname=x", "host:5432/x", "osuser", None),
    ("postgresql://host?dbname=x", "host:5432/x", "osuser", None),
    ("postgresql://host:/db", "host:5432/db", "osuser", None),
    ("postgresql://host/a%2fb/c", "host:5432/a/b/c", "osuser", None),
    ("  host = h  user='a b'   password = 'it\\'s \\\\ x' dbname=d ", "h:5432/d", "a b", Some("it's \\ x")),
    ("host=h dbname=d\\ e password=a\\'b", "h:5432/d e", "osuser", Some("a'b")),
    ("host=h password=''", "h:5432/osuser", "osuser", None),
    ("host=h,/s,i port=1,,3 dbname=d", "h:1,/s/.s.PGSQL.5432,i:3/d", "osuser", None),
    ("host=h,i port=7 dbname=d", "h:7,i:7/d", "osuser", None),
    ("hostaddr=127.0.0.1 dbname=d", "127.0.0.1:5432/d", "osuser", None),
    ("host=name hostaddr=::1 dbname=d", "name:5432/d", "osuser", None),
    ("host=h dbname=a dbname=b", "h:5432/b", "osuser", None),
];

#[test]
fn what_libpq_documents() {
    for (text, display, user, expected) in STRINGS {
        let info = parse(text);
        assert_eq!(
            (info.display().as_str(), info.user(), password(&info)),
            (*display, *user, *expected),
            "{text}"
        );
    }
}

#[test]
fn settings() {
    let info = parse(
        "host=h sslmode=require sslrootcert=/ca.pem options='-c work_mem=7MB' connect_timeout=1 keepalives_idle=9 \
         keepalives=0 tcp_user_timeout=0 channel_binding=require target_session_attrs=read-write",
    );
    assert_eq!((info.ssl_mode, &info.roots), (SslMode::VerifyCa, &Roots::File("/ca.pem".into())));
    assert_eq!(info.options.as_deref(), Some("-c work_mem=7MB"));
    assert_eq!((info.connect_timeout, info.tcp_user_timeout), (Some(Duration::from_secs(2)), None));
    assert_eq!((info.keepalive.on, info.keepalive.idle), (false, Duration::from_secs(9)));
    assert_eq!((info.keepalive.interval, info.keepalive.count), (Duration::from_secs(5), 3));
    assert!(info.read_write && info.channel_binding == ChannelBinding::Require);
    assert_eq!(parse("host=h connect_timeout=0").connect_timeout, None);
    assert_eq!(parse("host=h sslrootcert=system").ssl_mode, SslMode::VerifyFull);
    assert_eq!(parse("postgres://h/d?ssl=true").ssl_mode, SslMode::Require);
    assert_eq!(parse("host=h").ssl_mode, SslMode::Prefer);
    assert!(parse("host=h sslmode=verify-full sslnegotiation=direct").direct_tls);
}

#[test]
fn variables_fill_what_is_missing() {
    let env = |name: &str| {
        let pairs = [
            ("PGHOST", "eh"),
            ("PGPORT", "99"),
            ("PGUSER", "eu"),
            ("PGPASSWORD", "ep"),
            ("PGDATABASE", "ed"),
        ];
        let more = [("PGOPTIONS", "-c x=y"), ("PGSSLMODE", "disable"), ("PGCONNECT_TIMEOUT", "20")];
        pairs.iter().chain(&more).find(|(known, _)| *known == name).map(|(_, value)| (*value).to_string())
    };
    let info = ConnInfo::parse("", &env).unwrap();
    assert_eq!((info.display().as_str(), info.user(), password(&info)), ("eh:99/ed", "eu", Some("ep")));
    assert_eq!((info.options.as_deref(), info.ssl_mode), (Some("-c x=y"), SslMode::Disable));
    assert_eq!(info.connect_timeout, Some(Duration::from_secs(20)));
    let info = ConnInfo::parse("postgres://me:mine@here:1/this", &env).unwrap();
    assert_eq!((info.display().as_str(), info.user(), password(&info)), ("here:1/this", "me", Some("mine")));
    assert_eq!(
        password(&ConnInfo::parse("password=''", &env).unwrap()),
        None,
        "given but empty hides PGPASSWORD"
    );
}

#[test]
fn password_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".pgpass");
    std::fs::write(&path, "a:*:*:u:for-a\nb:5433:*:*:for-b\nlocalhost:*:*:*:for-socket\n").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let env = |name: &str| (name == "HOME").then(|| home.path().display().to_string());
    let info = ConnInfo::parse("host=a,b,/run/x,c port=5432,5433,1,2 user=u", &env).unwrap();
    let found: Vec<Option<&str>> =
        info.endpoints.iter().map(|e| e.password.as_ref().map(|secret| secret.0.as_str())).collect();
    assert_eq!(found, [Some("for-a"), Some("for-b"), Some("for-socket"), None]);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let info = ConnInfo::parse("host=a user=u", &env).unwrap();
    assert!(password(&info).is_none() && info.notes()[0].contains("chmod 600"), "{:?}", info.notes());
    assert!(ConnInfo::parse("host=a user=u password=x", &env).unwrap().notes().is_empty());
}

/// text → part of message or remedy
#[test]
fn refused_strings() {
    let cases = [
        ("postgres://host/db?sslmod=require", "did you mean \"sslmode\""),
        ("hots=localhost", "did you mean \"host\""),
        ("host=h service=x", "\"service\" is not supported"),
        ("postgres://[::1/db", "no closing ]"),
        ("postgres://[]/db", "is empty"),
        ("postgres://[::1]x/db", "followed by something else"),
        ("postgres://h:abc/db", "port"),
        ("postgres://h:0/db", "port"),
        ("postgres://h:70000/db", "port"),
        ("postgres://h/%zz", "hexadecimal"),
        ("postgres://h/%", "hexadecimal"),
        ("postgres://h/%00", "hexadecimal"),
        ("postgres://h/%ff", "UTF-8"),
        ("postgres://h/db?sslmode", "name=value"),
        ("postgres://h/db?a=b=c", "name=value"),
        ("mydb", "has no \"=\""),
        ("host=h password='abc", "closing quote"),
        ("host=h sslmode=on", "verify-full"),
        ("host=h target_session_attrs=standby", "read-write"),
        ("host=h gssencmode=require", "gssencmode"),
        ("host=h client_encoding=LATIN1", "client_encoding"),
        ("host=a,b port=1,2,3", "2 hosts, but 3 ports"),
        ("host=a hostaddr=1.1.1.1,2.2.2.2", "same number"),
        ("hostaddr=name", "not an IP address"),
        ("host=h sslrootcert=system sslmode=require", "verify-full"),
        ("host=h sslnegotiation=direct", "require"),
        ("host=h keepalives_idle=soon", "not a number"),
    ];
    for (text, part) in cases {
        let error = ConnInfo::parse(text, &none).err().unwrap_or_else(|| panic!("{text} was taken"));
        let shown = format!("{error} {}", error.remedy_text().unwrap_or_default());
        assert!(shown.contains(part), "{text}: {shown}");
        assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
    }
    assert_eq!(ConnInfo::parse("host=h", &|_| None).err().map(|error| error.kind()), Some(ErrorKind::Usage));
}

/// Passwords as people paste them; where the grammar tears one apart, neither part may be shown.
/// A script's empty variable (`host=$HOST password=$PW`) must not make a password the name of a host.
#[test]
fn an_empty_value_does_not_take_the_next_parameter() {
    for text in [
        "host= password=hunter2",
        "user=u dbname =  password = hunter2 host= port=1",
        "host= \t\npassword=hunter2",
    ] {
        let error = ConnInfo::parse(text, &none).unwrap_err();
        assert!(error.message().contains("no value"), "{text}: {error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{text}: {error:?}");
    }
    assert_eq!(password(&parse("host='' password=hunter2")), Some("hunter2"));
    assert_eq!(password(&parse("host = h password = c2VjcmV0==")), Some("c2VjcmV0=="));
    assert_eq!(password(&parse("host = h password=a=b")), Some("a=b"));
}

/// A raw `&` in a password makes a parameter of its tail.
#[test]
fn what_follows_a_password_in_a_query_is_not_shown() {
    for text in ["postgres://h/d?password=a&hunter2=b", "postgres://h/d?user=u&password=&hunter2=&x=y"] {
        let error = ConnInfo::parse(text, &none).unwrap_err();
        assert!(error.message().contains("unknown parameter"), "{text}: {error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{text}: {error:?}");
    }
}

#[test]
fn no_text_shows_a_piece_of_a_password() {
    let passwords = [
        "zq1/zq2",
        "zq1@zq2",
        "zq1:zq2",
        "zq1 zq2",
        "zq1'zq2",
        "zq1\\zq2",
        "zq1%zq2",
        "zq1?zq2=zq3",
        "zq1#zq2",
    ];
    let more = [
        "zq1 zq2=zq3",
        "zq1/zq2@zq3?zq4=zq5",
        "55/zq2",
        "zq1,zq2",
        "[zq1",
        "zq1 zq2zq = zq3",
        "'zq1",
        "zq1&zq2",
    ];
    for password in passwords.iter().chain(&more) {
        let texts = [
            format!("postgres://u:{password}@host:5432/db"),
            format!("postgresql://u:{password}@host/db?nonsense=1"),
            format!("host=h password={password} dbname=d"),
            format!("password={password}"),
            format!("host=h password='{password} dbname=d"),
            format!("postgres://h/db?password={password}"),
        ];
        for text in texts {
            let shown = match ConnInfo::parse(&text, &none) {
                Ok(info) => format!("{info:?} {} {:?}", info.display(), info.notes()),
                Err(error) => format!("{error} {error:?} {:?}", error.remedy_text()),
            };
            assert!(!shown.contains("zq"), "{text}: {shown}");
        }
    }
}

proptest! {
    #[test]
    fn random_text_never_panics(text in "\\PC{0,60}") {
        let _ = ConnInfo::parse(&text, &none);
        let _ = ConnInfo::parse(&format!("postgres://{text}"), &none);
    }

    #[test]
    fn random_pieces_never_panic(pieces in proptest::collection::vec("postgres://|host|=|'|\\\\|@|/|:|\\?|&|%|%41|\\[|\\]|,| |é|5432|sslmode", 0..20)) {
        let _ = ConnInfo::parse(&pieces.concat(), &none);
    }

    #[test]
    fn an_encoded_password_survives(password in "[^\\x00]{1,20}") {
        let encoded: String = password.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let info = ConnInfo::parse(&format!("postgres://u:{encoded}@h/d"), &none).unwrap();
        prop_assert_eq!(info.endpoints[0].password.as_ref().map(|p| p.0.clone()), Some(password.clone()));
        let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");
        let info = ConnInfo::parse(&format!("host=h password='{quoted}'"), &none).unwrap();
        prop_assert_eq!(info.endpoints[0].password.as_ref().map(|p| p.0.clone()), Some(password));
    }
}
