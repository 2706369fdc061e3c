//! What the role may not do. The ways out are for the database's administrator.

use super::{Blocker, PLAIN, all};

const ROLE: Blocker = Blocker { has_role: true, ..PLAIN };

pub(super) const ALL: &[Blocker] = &[
    Blocker {
        name: "no schema for the ledger",
        target: "GRANT USAGE, CREATE ON SCHEMA public TO {r}",
        code: "E_RIGHTS",
        object: "",
        ..ROLE
    },
    Blocker {
        name: "no tables in the schema",
        target: "GRANT CREATE ON DATABASE {d} TO {r}; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        code: "E_RIGHTS",
        object: "public",
        ..ROLE
    },
    Blocker {
        name: "no way into the schema",
        target: "GRANT CREATE ON DATABASE {d} TO {r}; CREATE SCHEMA shut; CREATE TABLE shut.t (id bigint PRIMARY KEY, a text);
                 ALTER TABLE shut.t OWNER TO {r}",
        options: &["--schema", "shut"],
        code: "E_RIGHTS",
        object: "shut",
        ..ROLE
    },
    Blocker {
        name: "no new schema",
        target: "CREATE SCHEMA cutover AUTHORIZATION {r}",
        options: &["--schema", "new"],
        code: "E_RIGHTS",
        object: "",
        ..ROLE
    },
    Blocker {
        name: "a ledger of others",
        target: "GRANT CREATE ON DATABASE {d} TO {r}; GRANT USAGE, CREATE ON SCHEMA public TO {r}; CREATE SCHEMA cutover",
        code: "E_RIGHTS",
        object: "cutover",
        ..ROLE
    },
    Blocker {
        name: "a table of another role",
        target: "GRANT CREATE ON DATABASE {d} TO {r}; GRANT USAGE, CREATE ON SCHEMA public TO {r};
                 CREATE ROLE owner_of_{d}; CREATE TABLE t (id bigint PRIMARY KEY, a text); ALTER TABLE t OWNER TO owner_of_{d}",
        code: "E_NOT_OWNER",
        object: "t",
        ..ROLE
    },
    Blocker {
        name: "row security",
        target: "GRANT CREATE ON DATABASE {d} TO {r}; GRANT USAGE, CREATE ON SCHEMA public TO {r};
                 CREATE TABLE t (id bigint PRIMARY KEY, a text); ALTER TABLE t OWNER TO {r};
                 ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY",
        code: "E_ROW_SECURITY",
        object: "t",
        ..ROLE
    },
    Blocker {
        name: "a role that only reads",
        target: "GRANT CREATE ON DATABASE {d} TO {r}; GRANT USAGE, CREATE ON SCHEMA public TO {r};
                 ALTER ROLE {r} SET default_transaction_read_only = on",
        code: "E_READ_ONLY",
        object: "",
        ..ROLE
    },
    Blocker {
        name: "a database that is only read",
        target: "GRANT CREATE ON DATABASE {d} TO {r}; GRANT USAGE, CREATE ON SCHEMA public TO {r};
                 ALTER DATABASE {d} SET default_transaction_read_only = on",
        code: "E_READ_ONLY",
        object: "",
        ..ROLE
    },
    Blocker {
        name: "no connection for the work",
        target: "GRANT CREATE ON DATABASE {d} TO {r}; GRANT USAGE, CREATE ON SCHEMA public TO {r};
                 ALTER ROLE {r} CONNECTION LIMIT 1",
        code: "E_CONNECTIONS",
        object: "",
        ..ROLE
    },
];

#[test]
fn what_the_role_may_not_do() {
    all(ALL);
}
