#!/bin/sh
# The whole way once: two SQLite files into a local PostgreSQL, twice.
# First into a schema where cutover makes the tables, then into the application's own tables.
#
# DEMO_DIR      where the SQLite files go (./demo)
# DEMO_ROWS     rows of workflow_history (10000, about 50 MB)
# DEMO_PROFILE  cargo profile: release, or dev for a quick look (release)
set -eu
cd "$(dirname "$0")/.."

dir=${DEMO_DIR:-demo}
rows=${DEMO_ROWS:-10000}
profile=${DEMO_PROFILE:-release}
case $profile in
dev) built=target/debug ;;
*) built=target/$profile ;;
esac
cutover=$built/cutover
made=demo_made
own=demo_own

say() { printf '\n-- %s\n' "$*"; }
run() {
    printf '$ %s\n' "$*"
    "$@"
}

say 'Building the program and the example data'
cargo build --locked --profile "$profile" --bin cutover --example tac_webbuilder
"$built/examples/tac_webbuilder" --out "$dir" --rows "$rows"

say 'Starting the local PostgreSQL server'
run "$cutover" embedded start
# The line that a person would paste: the password stays in the file that it names.
psql=$("$cutover" embedded status | sed -n 's/^.*\(PGPASSFILE=.*\)$/\1/p' | head -n 1)
if [ -z "$psql" ]; then
    echo 'demo: `cutover embedded status` names no psql command' >&2
    exit 1
fi
# sql OPTIONS ARGUMENTS…: psql with these server options. Its command line is made for a shell, quotes and all.
sql() {
    options=$1
    shift
    eval "PGOPTIONS=\$options $psql --no-psqlrc --quiet --pset pager=off --set ON_ERROR_STOP=1 \"\$@\""
}

# Earlier demos in these two schemas go; nothing else is touched.
sql '-c client_min_messages=warning' \
    --command "DROP SCHEMA IF EXISTS $made CASCADE" --command "CREATE SCHEMA $made" \
    --command "DROP SCHEMA IF EXISTS $own CASCADE" --command "CREATE SCHEMA $own"

copy() {
    run "$cutover" copy --migrate --restart --from "$dir/database.db" --from "$dir/workflow_history.db" \
        --to embedded --schema "$1"
}

say "Into schema $made: cutover makes the tables"
copy "$made"

say "Into schema $own: the application made its own tables, with its own types"
sql "-c search_path=$own" --file schema/tac_webbuilder/postgres/schema.sql
copy "$own"

say 'The same column twice: as it was declared in SQLite, and as the application wants it'
sql '' --command "
    SELECT table_schema AS schema, column_name AS column, data_type AS type
    FROM information_schema.columns
    WHERE table_name = 'workflow_history' AND table_schema IN ('$made', '$own')
      AND column_name IN ('id', 'created_at', 'worktree_reused', 'structured_input', 'actual_cost_total')
    ORDER BY 2, 1"
sql '' --command "
    SELECT model_used, count(*) AS workflows, sum(actual_cost_total) AS cost, max(created_at) AS last
    FROM $own.workflow_history GROUP BY 1 ORDER BY 1"

cat <<END

The server keeps running. To look around:

  $psql
  \\dt $made.*      \\d $own.workflow_history

To stop it:  $cutover embedded stop
END
