#!/bin/sh
# All tests, with the planted failures compiled in so that the fault tests run too.
set -eu
cd "$(dirname "$0")/.."
exec cargo test --locked --features failpoints "$@"
