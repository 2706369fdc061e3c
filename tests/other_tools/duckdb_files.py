"""A copy by way of files and DuckDB, which needs none of its extensions: duckdb_files.py SQLITE_FILE PG_URL.

SQLite -> CSV -> a table of DuckDB, whose sniffer finds the types -> CSV -> PostgreSQL. No key and no constraint comes along.
A table that one of them refuses is told and left out, as whoever watches such a script would go on."""
import csv, os, sqlite3, sys, tempfile
import duckdb, psycopg

# What PostgreSQL calls otherwise than DuckDB.
TYPES = {"DOUBLE": "double precision", "FLOAT": "real", "HUGEINT": "numeric", "BLOB": "bytea", "TIMESTAMP_NS": "timestamp"}

source = sqlite3.connect(sys.argv[1])
source.text_factory = lambda text: text.decode("utf-8", "replace")
target = psycopg.connect(sys.argv[2], autocommit=True)
duck = duckdb.connect(config={"threads": 1})


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def write(table, path):
    rows = source.execute(f"SELECT * FROM {quoted(table)}")
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column[0] for column in rows.description])
        writer.writerows(rows)


def sniff(path):
    """Reads the file into the table `t`; its columns as PostgreSQL declares them."""
    duck.execute("CREATE OR REPLACE TABLE t AS FROM read_csv($1, header = true)", [path])
    columns = duck.execute("DESCRIBE t").fetchall()
    return ", ".join(f"{quoted(name)} {TYPES.get(kind, kind)}" for name, kind, *_ in columns)


def load(table, columns, path):
    duck.execute(f"COPY t TO '{path}' (FORMAT csv, HEADER true)")
    with target.transaction(), target.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {quoted(table)} ({columns})")
        with cursor.copy(f"COPY {quoted(table)} FROM STDIN (FORMAT csv, HEADER true)") as copy, open(path, "rb") as file:
            while data := file.read(1 << 16):
                copy.write(data)


tables = source.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
with tempfile.TemporaryDirectory() as folder:
    there, back = os.path.join(folder, "there.csv"), os.path.join(folder, "back.csv")
    for (table,) in tables.fetchall():
        try:
            write(table, there)
            load(table, sniff(there), back)
        except (sqlite3.Error, duckdb.Error, psycopg.Error) as error:
            print(f"{table} is left out: {str(error).splitlines()[0]}", file=sys.stderr)
