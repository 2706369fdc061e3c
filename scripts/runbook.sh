#!/bin/sh
# The day of docs/runbook.md, in a folder of its own: every command as it is printed there, in its order, with the seconds it took.
# Ends at the first one that fails. The server is the one of `cutover embedded`, unless RUNBOOK_ENV names another.
#
# RUNBOOK_DIR      where it happens; must not exist (./runbook)
# RUNBOOK_ROWS     rows of workflow_history (10000, about 50 MB; 210000 is about 1 GB)
# RUNBOOK_PROFILE  cargo profile of the program: release, or dev (release)
# RUNBOOK_BIN      a directory with a cutover that is built already
# RUNBOOK_FILES    a directory with database.db and workflow_history.db, instead of new ones
# RUNBOOK_ENV      a file of POSTGRES_* lines, of an empty database that may be filled
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)

dir=${RUNBOOK_DIR:-runbook}
rows=${RUNBOOK_ROWS:-10000}
profile=${RUNBOOK_PROFILE:-release}
case $profile in
dev) built=$root/target/debug ;;
*) built=$root/target/$profile ;;
esac
bin=${RUNBOOK_BIN:-$built}

say() { printf '\n-- %s\n' "$*"; }

if [ -e "$dir" ]; then
    echo "runbook: $dir is there already; name a new folder in RUNBOOK_DIR" >&2
    exit 1
fi
if [ -z "${RUNBOOK_BIN:-}" ]; then
    say 'Building the program and the example data'
    cargo build --locked --profile "$profile" --bin cutover
fi
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
PATH=$bin:$PATH
export PATH
# Where it goes is what .env says.
unset CUTOVER_FROM CUTOVER_TO DATABASE_URL SQLITE_DB_PATH

say 'The folder'
if [ -n "${RUNBOOK_FILES:-}" ]; then
    cp "$RUNBOOK_FILES/database.db" "$RUNBOOK_FILES/workflow_history.db" "$dir"
else
    cargo run --locked --quiet --profile "$profile" --example tac_webbuilder -- --out "$dir" --rows "$rows"
fi
cp schema/tac_webbuilder/postgres/schema.sql schema/tac_webbuilder/queries.sql schema/tac_webbuilder/cutover.toml "$dir"
ls -l "$dir"

# The target of the embedded server, as an application's .env would name it: what its pgpass file says.
embedded_env() {
    pgpass=$(cutover embedded start | sed -n 's/^.*PGPASSFILE=\([^ ]*\) .*$/\1/p' | head -n 1)
    port=$(cutover embedded status | sed -n 's/^running on port \([0-9]*\),.*$/\1/p')
    password=$(eval "sed -n 's/^.*:cutover:\(.*\)\$/\1/p' $pgpass" | head -n 1)
    PGPASSWORD=$password psql --no-psqlrc --quiet --host 127.0.0.1 --port "$port" --username cutover --dbname cutover \
        --set ON_ERROR_STOP=1 --command 'DROP DATABASE IF EXISTS runbook' --command 'CREATE DATABASE runbook'
    printf 'DB_TYPE=sqlite\nPOSTGRES_HOST=127.0.0.1\nPOSTGRES_PORT=%s\nPOSTGRES_DB=runbook\nPOSTGRES_USER=cutover\nPOSTGRES_PASSWORD=%s\n' \
        "$port" "$password"
}

umask 077
if [ -n "${RUNBOOK_ENV:-}" ]; then
    cp "$RUNBOOK_ENV" "$dir/.env"
else
    embedded_env >"$dir/.env"
fi
umask 022

# The commands: lines of the blocks that are marked sh. A heading tells where they stand.
awk '
    /^## / { print "say " quoted(substr($0, 4)) }
    /^```sh$/ { inside = 1; next }
    /^```$/ { inside = 0; next }
    inside { print "run " quoted($0) }
    function quoted(text) { gsub(/\047/, "\047\\\047\047", text); return "\047" text "\047" }
' docs/runbook.md >"$dir/commands.sh"
if ! grep -q '^run ' "$dir/commands.sh"; then
    echo 'runbook: docs/runbook.md has no commands' >&2
    exit 1
fi

run() {
    printf '$ %s\n' "$1"
    began=$(date +%s)
    eval "$1"
    printf '[%s s]\n' "$(($(date +%s) - began))"
}

cd "$dir"
. ./commands.sh
say 'every command of docs/runbook.md worked as it is printed'
