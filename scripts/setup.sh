#!/bin/sh
# Brings what building and testing need and this machine lacks: a C compiler, make, PostgreSQL's server programs, Rust.
# Quick and silent about what is there already. CUTOVER_SETUP=off skips it; ALLOW_NO_POSTGRES=1 does without a server.
set -eu

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

if [ "${CUTOVER_SETUP:-on}" = off ]; then
    exit 0
fi

# The same places as src/embedded/programs.rs.
has_server() {
    for dir in "$(dirname "$(command -v initdb || echo /nowhere/x)")" "$(pg_config --bindir 2>/dev/null || echo /nowhere)" \
        /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* /usr/local/pgsql/bin \
        /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin /opt/local/lib/postgresql*/bin; do
        if [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] && [ -x "$dir/postgres" ]; then
            return 0
        fi
    done
    return 1
}

has_cargo() { has cargo || [ -x "${HOME:-/root}/.cargo/bin/cargo" ]; }
wants_server() { [ "${ALLOW_NO_POSTGRES:-0}" != 1 ] && ! has_server; }

missing=''
has cc || missing="$missing compiler"
has make || missing="$missing make"
has_cargo || has curl || missing="$missing curl"
if wants_server; then missing="$missing server"; fi

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        fail "this needs root and there is no sudo; run as root: $*"
    fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet --no-install-recommends "$@"; }

# Debian's package makes a cluster and starts it at once; we want the programs alone, and nothing left running.
apt_server() {
    conf=/etc/postgresql-common/createcluster.conf
    apt install postgresql-common
    as_root cp -p "$conf" "$conf.before-setup"
    printf 'create_main_cluster = false\n' | as_root tee -a "$conf" >/dev/null
    installed=0
    apt install postgresql || installed=$?
    as_root mv "$conf.before-setup" "$conf"
    return "$installed"
}

with_apt() {
    apt update
    for what in $missing; do
        case $what in
        compiler) apt install gcc libc6-dev ;;
        make) apt install make ;;
        curl) apt install curl ca-certificates ;;
        server) apt_server ;;
        esac
    done
}

with_dnf() {
    for what in $missing; do
        case $what in
        compiler) as_root dnf install --assumeyes gcc ;;
        make) as_root dnf install --assumeyes make ;;
        curl) as_root dnf install --assumeyes curl ;;
        server) as_root dnf install --assumeyes postgresql-server postgresql ;;
        esac
    done
}

with_brew() {
    for what in $missing; do
        case $what in
        compiler | make) fail 'install the command line tools first: xcode-select --install' ;;
        curl) brew install curl ;;
        server) brew install postgresql@17 ;;
        esac
    done
}

if [ -n "$missing" ]; then
    say "missing:$missing"
    if has apt-get; then
        with_apt
    elif has dnf; then
        with_dnf
    elif has brew; then
        with_brew
    else
        fail 'no apt-get, dnf or brew here; install these yourself, then run with CUTOVER_SETUP=off'
    fi
    if wants_server; then fail "PostgreSQL's server programs are still not to be found"; fi
    say "installed:$missing"
fi

if ! has_cargo; then
    say 'missing: Rust; installing it with rustup into your home directory'
    curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs | sh -s -- -y --no-modify-path
    say 'installed: Rust (add ~/.cargo/bin to your PATH)'
fi
