"""SQLAlchemy: create both schemas, fill SQLite through the ORM, copy, compare every row through the same models."""

import datetime
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import harness  # noqa: E402
import models  # noqa: E402
import psycopg  # noqa: E402
import rows  # noqa: E402
import sqlalchemy as sa  # noqa: E402


def engines(path, conninfo):
    target = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo))
    return sa.create_engine(f"sqlite:///{path}"), target


def plain(value):
    """SQLite gives back a time with a zone without it; it was UTC when it was written."""
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return value


def compare(source, target):
    count = 0
    with source.connect() as left, target.connect() as right:
        for table in models.Base.metadata.sorted_tables:
            query = sa.select(table).order_by(*table.primary_key.columns)
            ours, theirs = left.execute(query).all(), right.execute(query).all()
            if any(isinstance(column.type, sa.Uuid) for column in table.primary_key.columns):
                ours, theirs = sorted(ours), sorted(theirs)
            harness.same(f"rows of {table.name}", len(ours), len(theirs))
            for one, other in zip(ours, theirs):
                for column, a, b in zip(table.columns, one, other):
                    harness.same(f"{table.name} {one[0]} {column.name}", plain(a), plain(b))
                count += 1
    return count


def check(source, target, path, options):
    before = harness.pg_dump(options.to, "--schema-only")
    harness.copy(options.cutover, path, options.to, "--config", str(HERE / "cutover.toml"))
    count = compare(source, target)
    harness.same("schema", before, harness.pg_dump(options.to, "--schema-only"))
    rows.insert_more(target)
    print(f"sqlalchemy: {count} rows equal through the models, new rows inserted, schema unchanged")


def main():
    options = harness.arguments()
    with harness.scratch() as directory:
        path = str(pathlib.Path(directory) / "library.sqlite3")
        source, target = engines(path, options.to)
        for engine in (source, target):
            models.Base.metadata.create_all(engine)
        rows.fill(source)
        if options.what == "generate":
            harness.write_pair(HERE, path, options.to)
        else:
            check(source, target, path, options)


if __name__ == "__main__":
    main()
