#!/bin/sh
# Every fuzz target, one after the other. What a target finds is kept in fuzz/artifacts/TARGET, what it learns in
# fuzz/work/TARGET; the committed seeds in fuzz/corpus are only read.
#
# scripts/fuzz.sh [SECONDS [TARGET...]]    seconds for each target (60); all targets
set -eu
cd "$(dirname "$0")/.."

seconds=${1:-60}
[ $# -eq 0 ] || shift
case $seconds in
    '' | *[!0-9]* | 0) echo "fuzz: \"$seconds\" is no number of seconds" >&2; exit 2 ;;
esac

missing() {
    echo "fuzz: $1 is missing; install it with" >&2
    echo "    $2" >&2
    exit 1
}
command -v rustup >/dev/null || missing rustup 'https://rustup.rs'
rustup toolchain list | grep -q '^nightly' || missing 'the nightly compiler' 'rustup toolchain install nightly --profile minimal'
cargo fuzz --version >/dev/null 2>&1 || missing cargo-fuzz 'cargo install cargo-fuzz'

targets=${*:-$(cargo +nightly fuzz list)}
failed=
for target in $targets; do
    [ -d "fuzz/corpus/$target" ] || { echo "fuzz: there is no target \"$target\"" >&2; exit 2; }
done
cargo +nightly fuzz build
for target in $targets; do
    printf '\n== %s, %s s\n' "$target" "$seconds"
    mkdir -p "fuzz/work/$target" "fuzz/artifacts/$target"
    # The first directory is the one that libFuzzer writes to.
    cargo +nightly fuzz run "$target" "fuzz/work/$target" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=30 -print_final_stats=1 || failed="$failed $target"
done
[ -z "$failed" ] || { echo "fuzz: found something:$failed; see fuzz/artifacts" >&2; exit 1; }
echo 'fuzz: nothing found'
