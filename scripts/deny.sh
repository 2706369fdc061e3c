#!/bin/sh
# Licences, sources and bans of deny.toml, and known holes (RustSec). With --offline without the latter, and not at
# all where cargo-deny is not installed.
set -eu
cd "$(dirname "$0")/.."

if ! command -v cargo-deny >/dev/null 2>&1; then
    if [ "${1:-}" = --offline ]; then
        echo 'skipped: no cargo-deny here'
        exit 0
    fi
    echo 'install it first, which takes some minutes: cargo install --locked cargo-deny' >&2
    exit 1
fi
if [ "${1:-}" = --offline ]; then
    exec cargo deny --locked --offline check bans licenses sources
fi
exec cargo deny --locked check
