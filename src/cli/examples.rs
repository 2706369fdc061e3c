//! Examples that stand below the long help of each command. A test runs all of them as they are printed, in a folder with
//! `app.db` and `migrations/`, with `DATABASE_URL` set, and where a command asks for one, with a copy that was made before
//! (tests/newcomer.rs). So: one line for each, 80 columns at most, nothing to be replaced.

/// `cutover`
pub(super) const PROGRAM: &str = "Examples:
  cutover copy --validate app.db \"$DATABASE_URL\"   # would it work?
  cutover copy --migrate app.db \"$DATABASE_URL\"    # copy, verify, finish
  cutover verify app.db \"$DATABASE_URL\"            # compare again, any time
  cutover copy --migrate app.db embedded           # no server at hand

";

/// `copy`
pub(super) const COPY: &str = "Examples:
  cutover copy --validate --from app.db --to \"$DATABASE_URL\"
  cutover copy --validate app.db \"$DATABASE_URL\" --write-config decisions.toml
  cutover copy --migrate app.db \"$DATABASE_URL\" --report report.json
  cutover copy --migrate app.db --schema app --table 'order*' --table customers
";

/// `verify`
pub(super) const VERIFY: &str = "Examples:
  cutover verify app.db \"$DATABASE_URL\"
  cutover verify --from app.db --to \"$DATABASE_URL\" --table orders
  cutover verify app.db \"$DATABASE_URL\" --show-values --report verify.json
";

/// `status`
pub(super) const STATUS: &str = "Examples:
  cutover status --to \"$DATABASE_URL\"
  cutover status --to \"$DATABASE_URL\" --watch           # follow a running copy
  cutover status --watch --json --interval 5s | tail -1
";

/// `clean`
pub(super) const CLEAN: &str = "Examples:
  cutover clean --to \"$DATABASE_URL\"
  cutover clean     # the target is that of DATABASE_URL
";

/// `schema`
pub(super) const SCHEMA: &str = "Examples:
  cutover schema show app.db
  cutover schema diff --from app.db --to \"$DATABASE_URL\"
  cutover schema check migrations
";

/// `schema show`
pub(super) const SHOW: &str = "Examples:
  cutover schema show app.db
  cutover schema show app.db --section pre-data --out tables.sql
  cutover schema show app.db --infer content --names snake
";

/// `schema diff`
pub(super) const DIFF: &str = "Examples:
  cutover schema diff --from app.db --to \"$DATABASE_URL\"
  cutover schema diff --from app.db --to \"$DATABASE_URL\" --json
  cutover schema diff --from app.db --to \"$DATABASE_URL\" --fix > mend.sql
";

/// `schema translate`
pub(super) const TRANSLATE: &str = "Examples:
  cutover schema translate migrations/001_orders.sql
  cutover schema translate migrations/001_orders.sql --out orders_postgres.sql
";

/// `schema check`
pub(super) const CHECK: &str = "Examples:
  cutover schema check migrations
  cutover schema check migrations --json
";

/// `embedded`
pub(super) const EMBEDDED: &str = "Examples:
  cutover embedded start
  cutover copy --migrate app.db embedded
  cutover embedded status
  cutover embedded stop
";

/// `embedded start`
pub(super) const START: &str = "Examples:
  cutover embedded start
  cutover copy --validate app.db embedded   # starts it, too
";

/// `embedded stop`
pub(super) const STOP: &str = "Examples:
  cutover embedded stop
  cutover embedded stop && cutover embedded start
";

/// `embedded status`
pub(super) const RUNNING: &str = "Examples:
  cutover embedded status
  cutover embedded status | tail -1   # the command to look around
";

/// `completions`
pub(super) const COMPLETIONS: &str = "Examples:
  cutover completions bash > cutover.bash
  cutover completions zsh > _cutover
";

/// `man`
pub(super) const MAN: &str = "Examples:
  cutover man > cutover.1
  cutover man copy > cutover-copy.1
";
