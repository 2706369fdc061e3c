"""Django: migrate both databases, fill SQLite through the ORM, copy, compare every object through the ORM."""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import harness  # noqa: E402


def prepare(path, conninfo):
    """Both databases as `manage.py migrate` makes them, SQLite with rows."""
    os.environ.update(SHOP_SQLITE=path, SHOP_TARGET=conninfo, DJANGO_SETTINGS_MODULE="settings")
    import django
    from django.core.management import call_command

    django.setup()
    for database in ("default", "target"):
        call_command("migrate", database=database, verbosity=0)
    from shop import rows

    rows.fill()


def plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def compare():
    """Every object of every model, the tables between many and many included."""
    from django.apps import apps

    count = 0
    for model in apps.get_models(include_auto_created=True):
        left, right = (model.objects.using(name).order_by("pk") for name in ("default", "target"))
        harness.same(f"{model.__name__} objects", left.count(), right.count())
        for one, other in zip(left, right):
            for field in model._meta.concrete_fields:
                what = f"{model.__name__} {one.pk} {field.attname}"
                harness.same(what, plain(getattr(one, field.attname)), plain(getattr(other, field.attname)))
            count += 1
    return count


def check(path, options):
    before = harness.pg_dump(options.to, "--schema-only")
    harness.copy(options.cutover, path, options.to, "--existing", "truncate", "--config", str(HERE / "cutover.toml"))
    count = compare()
    harness.same("schema", before, harness.pg_dump(options.to, "--schema-only"))
    from shop import rows

    rows.insert_more("target")
    print(f"django: {count} objects equal through the ORM, new rows inserted, schema unchanged")


def main():
    options = harness.arguments()
    with harness.scratch() as directory:
        path = str(pathlib.Path(directory) / "shop.sqlite3")
        prepare(path, options.to)
        if options.what == "generate":
            harness.write_pair(HERE, path, options.to)
        else:
            check(path, options)


if __name__ == "__main__":
    main()
