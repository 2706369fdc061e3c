#!/bin/sh
# Speed as ratios from one run on one machine: cutover against the server's own COPY of the same rows, and against
# pgloader where it is installed. Each round measures all of them, one after the other, on one private server.
#
# BENCH_SCALE   size of the file: 1 is about 630 MB (1)
# BENCH_ROUNDS  rounds (3)
# BENCH_FILE    a SQLite file to use instead
set -eu
cd "$(dirname "$0")/.."

scale=${BENCH_SCALE:-1}
rounds=${BENCH_ROUNDS:-3}
scratch=$(mktemp -d)
chmod 755 "$scratch"
CUTOVER_EMBEDDED_DIR=$scratch/embedded
export CUTOVER_EMBEDDED_DIR
cutover=$PWD/target/release/cutover
cleanup() {
    "$cutover" embedded stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cargo build --locked --release --bin cutover
command -v sqlite3 >/dev/null || { echo 'bench: needs the sqlite3 program' >&2; exit 1; }
file=${BENCH_FILE:-$scratch/bench.db}
[ -e "$file" ] || sed "s/SCALE/$scale/g" scripts/bench.sql | sqlite3 "$file" >/dev/null
"$cutover" embedded start >/dev/null
psql=$("$cutover" embedded status | sed -n 's/^.*\(PGPASSFILE=.*\)$/\1/p' | head -n 1)
sql() { eval "$psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \"\$@\""; }
now() { date +%s.%N; }
since() { echo "$1 $(now)" | awk '{ printf "%.2f", $2 - $1 }'; }

fresh() {
    sql --command "DROP SCHEMA IF EXISTS $1 CASCADE" --command 'DROP SCHEMA IF EXISTS cutover CASCADE' 2>/dev/null
    sql --command 'CHECKPOINT'
}

# The same rows as the server's own binary files, for the raw COPY.
encoded() {
    tables=$(sql --command "SELECT relname FROM pg_class WHERE relnamespace = 'bench'::regnamespace AND relkind = 'r'")
    for table in $tables; do
        sql --command "\\copy bench.$table TO '$scratch/$table.bin' (FORMAT binary)"
        sql --command "CREATE SCHEMA IF NOT EXISTS raw" --command "CREATE TABLE raw.$table (LIKE bench.$table)" 2>/dev/null
    done
}

raw_copy() {
    started=$(now)
    for table in $tables; do
        printf 'BEGIN;\nTRUNCATE raw.%s;\n\\copy raw.%s FROM '"'%s'"' (FORMAT binary, FREEZE)\nCOMMIT;\n' \
            "$table" "$table" "$scratch/$table.bin"
    done | sql --file -
    since "$started"
}

copy() {
    started=$(now)
    "$cutover" copy --migrate --progress json --from "$file" --to embedded --schema bench >"$scratch/out" 2>"$scratch/events" ||
        { cat "$scratch/out" "$scratch/events" >&2; exit 1; }
    whole=$(since "$started")
    phase=$(grep '"phase_finished"' "$scratch/events" | grep '"copy"' | sed 's/.*"seconds":\([0-9.]*\).*/\1/')
}

# pgloader reads the private server's address from the same password file.
pgloader_run() {
    port=$(echo "$psql" | sed 's/.*-p \([0-9]*\).*/\1/')
    password=$(head -n 1 "$scratch/embedded/pgpass" | sed 's/.*://')
    cat >"$scratch/pgloader.load" <<LOAD
LOAD DATABASE FROM sqlite://$file INTO postgresql://cutover:$password@127.0.0.1:$port/pgloader
WITH include drop, create tables, create indexes, reset sequences, prefetch rows = 5000;
LOAD
    sql --command 'DROP DATABASE IF EXISTS pgloader' --command 'CREATE DATABASE pgloader' 2>/dev/null
    started=$(now)
    pgloader --client-min-messages error "$scratch/pgloader.load" >"$scratch/pgloader.out" 2>&1 || { echo failed; return; }
    since "$started"
}

printf 'file of %s MB, %s cores, PostgreSQL %s\n' "$(($(wc -c <"$file") / 1000000))" "$(getconf _NPROCESSORS_ONLN)" "$(sql --command 'SHOW server_version')"
printf '%-6s %12s %12s %12s %12s %14s %16s\n' round 'raw COPY s' 'copy phase s' 'whole run s' 'pgloader s' 'phase / raw' 'whole / pgloader'
round=0
while [ "$round" -lt "$rounds" ]; do
    round=$((round + 1))
    fresh bench
    copy
    [ "$round" -gt 1 ] || encoded
    raw=$(raw_copy)
    loader=-
    if command -v pgloader >/dev/null; then loader=$(pgloader_run); fi
    echo "$round $raw $phase $whole $loader" |
        awk '{ printf "%-6s %12s %12.2f %12s %12s %14.2f %16s\n", $1, $2, $3, $4, $5, $3 / $2, ($5 + 0 ? sprintf("%.2f", $4 / $5) : "-") }'
done
