#!/bin/sh
# Speed as ratios from one run on one machine: cutover against the server's own COPY, against restoring a dump of the very
# result, and against other tools where they are installed. Each round measures all of them, one after the other, on one
# private server with stock settings. What each step does is in scripts/bench_steps.sh, what comes out in docs/benchmarks.md.
#
# BENCH_SETS         which files: narrow wide logs three blobs many app, also as NAME:FACTOR (three app many)
# BENCH_ROUNDS       rounds (5)
# BENCH_SLOW_ROUNDS  rounds of what is slow or only for comparison: other tools, slow lines, text, verify (1)
# BENCH_SCALE        size of the files (1)
# BENCH_DIR          where the files go and stay for the next run; not to be kept over a change of benches/data
#                    (a directory that is removed)
# BENCH_WITH         other tools, where they are installed (pgloader duckdb)
# BENCH_ONLY         steps: raw text copyto restore script whole off jobs1 verify validate read latency pgloader duckdb (all)
# BENCH_GROWTH       1: also 16 times as many rows as a tenth (0)
# BENCH_PAGE         the page that the results are written into; none if empty (docs/benchmarks.md)
# BENCH_PROFILE      release, or dev to try the script itself (release)
set -eu
cd "$(dirname "$0")/.."

sets=${BENCH_SETS:-three app many}
rounds=${BENCH_ROUNDS:-5}
slow_rounds=${BENCH_SLOW_ROUNDS:-1}
scale=${BENCH_SCALE:-1}
tools=${BENCH_WITH-pgloader duckdb}
only=${BENCH_ONLY:-raw text copyto restore script whole off jobs1 verify validate read latency pgloader duckdb}
page=${BENCH_PAGE-docs/benchmarks.md}
# The longest that a step may take, in seconds: a tool that hangs is a result, too.
limit=900
if [ "${BENCH_GROWTH:-0}" = 1 ]; then sets="$sets narrow:0.1 narrow:1.6"; fi

umask 022
[ -z "${BENCH_DIR:-}" ] || mkdir -p "$BENCH_DIR"
scratch=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/cutover-bench.XXXXXX")
scratch=$(cd "$scratch" && pwd)
# The server may run under another account, which must be able to pass; what is private in there has its own mode.
chmod 755 "$scratch"
files=$(cd "${BENCH_DIR:-$scratch}" && pwd)
CUTOVER_EMBEDDED_DIR=$scratch/embedded
export CUTOVER_EMBEDDED_DIR
cutover='' running='' line=''

cleanup() {
    trap '' INT TERM HUP
    # `run` ends its program when this is gone.
    rm -f "$scratch/measures"
    [ -z "$line" ] || kill "$line" 2>/dev/null || true
    [ -z "$running" ] || wait "$running" 2>/dev/null || true
    [ -z "$cutover" ] || "$cutover" embedded stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fail() { printf 'bench: %s\n' "$*" >&2; exit 1; }
say() { printf '%s\n' "$*" >&2; }

. scripts/bench_steps.sh

case ${BENCH_PROFILE:-release} in
dev)
    cargo build --locked --bin cutover
    cutover=$PWD/target/debug/cutover
    built=$(cargo bench --locked --bench data --profile dev --no-run 2>&1) || fail "$built"
    ;;
*)
    cargo build --locked --release --bin cutover
    cutover=$PWD/target/release/cutover
    built=$(cargo bench --locked --bench data --no-run 2>&1) || fail "$built"
    ;;
esac
data=$(printf '%s\n' "$built" | sed -n 's/^ *Executable .*(\(.*\))$/\1/p')
case $data in /*) ;; *) data=$PWD/$data ;; esac
[ -x "$data" ] || fail 'cargo does not say where the built bench is'

mkdir -p target/bench
results=$PWD/target/bench/results.tsv
: >"$results"
notes=$results
load=$(uptime | sed 's/.*load average[s]*: *//')
# shellcheck disable=SC2119 # its arguments are its own
start_server
machine
for set in $sets; do
    prepare
    round=0
    while [ "$round" -lt "$rounds" ]; do
        round=$((round + 1))
        say "-- $set, round $round of $rounds"
        round_of_steps
    done
    forget
done
if [ -n "$page" ]; then
    "$data" report "$results" "$page"
    say "results: $results, and as tables in $page"
else
    say "results: $results"
fi
