#!/bin/sh
# Everything that must hold before a change is merged; what CI runs. Leaves nothing running and nothing behind.
set -eu
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step 'format'
cargo fmt --all -- --check
step 'lints'
cargo clippy --locked --all-targets -- -D warnings
cargo clippy --locked --all-targets --features failpoints -- -D warnings
step 'licences and sources'
sh scripts/deny.sh --offline
step 'documentation'
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items
step 'tests'
sh scripts/test.sh

if [ "${ALLOW_NO_POSTGRES:-0}" = 1 ]; then
    step 'all checks passed, without a server: no demo'
    exit 0
fi

step 'demo, small'
scratch=$(mktemp -d)
# The server may run under another account, which must be able to pass; what is private in there has its own mode.
chmod 755 "$scratch"
CUTOVER_EMBEDDED_DIR=$scratch/embedded
export CUTOVER_EMBEDDED_DIR
cleanup() {
    target/debug/cutover embedded stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
DEMO_PROFILE=dev DEMO_DIR=$scratch/demo DEMO_ROWS=300 sh scripts/demo.sh

step 'all checks passed'
