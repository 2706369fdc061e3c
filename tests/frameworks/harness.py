"""What both frameworks' checks share: the two databases, the copy between them, and dumps of both.

    python3 tests/frameworks/django/run.py check    --to CONNINFO --cutover target/debug/cutover
    python3 tests/frameworks/django/run.py generate --to CONNINFO

CONNINFO names an empty PostgreSQL database that may be filled, as `key=value` words or a URL.
"""

import argparse
import os
import pathlib
import sqlite3
import subprocess
import tempfile


def arguments():
    """What was typed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["check", "generate"])
    parser.add_argument("--to", required=True, help="an empty PostgreSQL database")
    parser.add_argument("--cutover", default="target/debug/cutover", help="the program")
    return parser.parse_args()


def scratch():
    """A directory that is gone afterwards, for the SQLite file."""
    return tempfile.TemporaryDirectory(prefix="cutover-frameworks-")


def pg_dump(conninfo, *options):
    """The dump's statements, without comments, settings and psql's own commands, which differ from call to call."""
    command = ["pg_dump", "--no-owner", "--no-privileges", "--exclude-schema=cutover", *options, "-d", conninfo]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    dull = ("--", "\\", "SET ", "SELECT pg_catalog.set_config")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(dull)]
    return "\n".join(lines) + "\n"


def sqlite_dump(path):
    """The file as statements."""
    with sqlite3.connect(path) as connection:
        return "PRAGMA foreign_keys = OFF;\n" + "\n".join(connection.iterdump()) + "\n"


def write_pair(directory, path, conninfo):
    """source.sql and target.sql: what the test of the pair needs instead of Python."""
    directory = pathlib.Path(directory)
    (directory / "source.sql").write_text(sqlite_dump(path))
    (directory / "target.sql").write_text(pg_dump(conninfo, "--rows-per-insert=50"))


def copy(cutover, path, conninfo, *options):
    """`cutover copy --migrate`; its words are shown where it fails."""
    command = [cutover, "copy", "--migrate", "--from", path, "--to", conninfo, "--progress", "lines", *options]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    if done.returncode != 0:
        raise SystemExit(f"cutover ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    print(done.stdout.strip().splitlines()[-1])


def same(what, left, right):
    """Fails, naming the place, unless both are equal and of one type."""
    if type(left) is not type(right) or left != right:
        raise SystemExit(f"{what}: {left!r} in SQLite, {right!r} in PostgreSQL")
