#!/bin/sh
# All tests, with the planted failures compiled in so that the fault tests run too. Twice as many at once as there are cores:
# many of them wait for a server, a lock or a limit.
set -eu
cd "$(dirname "$0")/.."
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
RUST_TEST_THREADS=${RUST_TEST_THREADS:-$((2 * cores))}
export RUST_TEST_THREADS
exec cargo test --locked --features failpoints "$@"
