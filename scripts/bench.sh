#!/bin/sh
# How fast a copy is here: the example's history, made large, into the local server, three times.
#
# BENCH_ROWS  rows of workflow_history (100000, about 490 MB)
set -eu
cd "$(dirname "$0")/.."

rows=${BENCH_ROWS:-100000}
scratch=$(mktemp -d)
chmod 755 "$scratch"
CUTOVER_EMBEDDED_DIR=$scratch/embedded
export CUTOVER_EMBEDDED_DIR
cleanup() {
    target/release/cutover embedded stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cargo build --locked --release --bin cutover --example tac_webbuilder
target/release/examples/tac_webbuilder --out "$scratch" --rows "$rows"
target/release/cutover embedded start
for run in 1 2 3; do
    printf '\nrun %s\n' "$run"
    target/release/cutover copy --migrate --progress off --from "$scratch/workflow_history.db" \
        --to embedded --schema "bench_$run"
done
