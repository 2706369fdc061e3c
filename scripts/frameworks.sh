#!/bin/sh
# Django and SQLAlchemy themselves: migrate both databases, fill SQLite through the ORM, copy, compare every object through
# the ORM, insert new rows, and look whether the schema is as it was. Needs python3 with django, sqlalchemy and psycopg, and pg_dump;
# fails where one is missing. More words filter the tests: `scripts/frameworks.sh django`.
set -eu
cd "$(dirname "$0")/.."
export FRAMEWORKS=required
exec cargo test --locked --features failpoints --test tests -- --nocapture "frameworks::${1:-}"
