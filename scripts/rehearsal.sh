#!/bin/sh
# How near predictions come: each round rehearses a file in all three ways and copies it, one after the other, on one
# private server with stock settings, and writes a table of seconds and of how far each prediction was off.
#
# REHEARSAL_ROWS    sizes of the example application's files, as rows of its history (22000 66000 220000: 100 MB to 1 GB)
# REHEARSAL_FILES   SQLite files instead of those
# REHEARSAL_ROUNDS  rounds (3)
# REHEARSAL_DIR     where the files go, and stay (a directory that is removed)
# CUTOVER           the program (target/release/cutover, which is built first)
set -eu
cd "$(dirname "$0")/.."

rounds=${REHEARSAL_ROUNDS:-3}
umask 022
work=$(mktemp -d "${TMPDIR:-/tmp}/cutover-rehearsal.XXXXXX")
chmod 755 "$work"
CUTOVER_EMBEDDED_DIR=$work/embedded
export CUTOVER_EMBEDDED_DIR

if [ -z "${CUTOVER:-}" ]; then
    cargo build --locked --release --bin cutover --example tac_webbuilder
    CUTOVER=target/release/cutover
fi
leave() {
    "$CUTOVER" embedded stop >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM

files=${REHEARSAL_FILES:-}
if [ -z "$files" ]; then
    dir=${REHEARSAL_DIR:-$work/files}
    for rows in ${REHEARSAL_ROWS:-22000 66000 220000}; do
        [ -f "$dir/$rows/workflow_history.db" ] ||
            target/release/examples/tac_webbuilder --out "$dir/$rows" --rows "$rows" >&2
        files="$files $dir/$rows/workflow_history.db"
    done
fi

"$CUTOVER" embedded start >/dev/null
psql=$("$CUTOVER" embedded status | sed -n 's/^.*\(PGPASSFILE=.*\)$/\1/p' | head -n 1)
sql() { eval "$psql" -qAtc '"$1"'; }
PGPASSFILE=$(printf '%s' "$psql" | sed 's/^PGPASSFILE=\([^ ]*\).*/\1/')
export PGPASSFILE
PGOPTIONS='-c client_min_messages=warning'
export PGOPTIONS
place=$(printf '%s' "$psql" | sed 's/.*-h \([^ ]*\) -p \([^ ]*\) -U \([^ ]*\) .*/host=\1 port=\2 user=\3/')

# run NAME ARGUMENTS…: runs copy with a report, and prints the field of it that is asked for first.
field() {
    python3 -c 'import json,sys; v=json.load(open(sys.argv[1]))
for k in sys.argv[2].split("."): v=v[k]
print("%.3f" % v)' "$work/report.json" "$1"
}
run() {
    wanted=$1
    shift
    "$CUTOVER" copy "$@" --progress off --report "$work/report.json" >"$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
    field "$wanted"
}
fresh() {
    sql "DROP DATABASE IF EXISTS real WITH (FORCE)"
    sql "CREATE DATABASE real TEMPLATE template0"
    sql "CHECKPOINT"
}
off() { awk -v p="$1" -v r="$2" 'BEGIN { printf "%s (%+.0f %%)", p, (p / r - 1) * 100 }'; }

echo '| file | real run | embedded | schema | probe | load |'
echo '|---|---|---|---|---|---|'
for file in $files; do
    size=$(($(wc -c <"$file") / 1000000))
    # Whoever comes first finds a cold cache.
    cat "$file" >/dev/null
    round=0
    while [ "$round" -lt "$rounds" ]; do
        round=$((round + 1))
        load=$(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo '')
        fresh
        probe=$(run prediction.seconds.p50 --rehearse probe "$file" "$place dbname=real")
        schema=$(run prediction.seconds.p50 --rehearse schema "$file" "$place dbname=real")
        embedded=$(run prediction.seconds.p50 --rehearse "$file" "$place dbname=real")
        fresh
        real=$(run run.seconds --migrate "$file" "$place dbname=real")
        echo "| $size MB | $real | $(off "$embedded" "$real") | $(off "$schema" "$real") | $(off "$probe" "$real") | $load |"
    done
done
