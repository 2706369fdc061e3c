"""An application's own copy script, with one mistake or none: script.py SQLITE_FILE PG_URL [MISTAKE]."""
import json, sqlite3, sys
import psycopg

source, target = sqlite3.connect(sys.argv[1]), psycopg.connect(sys.argv[2])
mistake = sys.argv[3] if len(sys.argv) > 3 else ""
numbered = "bigint PRIMARY KEY" if mistake == "no sequences" else "bigserial PRIMARY KEY"
bare = mistake == "no objects"
target.execute("SET TIME ZONE " + ("'Europe/Berlin'" if mistake == "zone" else "'UTC'"))
target.execute(f"""
    CREATE TABLE customers (id {'bigint' if bare else numbered}, full_name varchar(80) {'' if bare else 'NOT NULL'},
        email text {'' if bare else 'UNIQUE'}, note text, created_at timestamptz, balance double precision, active boolean,
        tags jsonb, token bytea);
    CREATE TABLE orders (id {'bigint' if bare else numbered}, customer_id bigint {'' if bare else 'NOT NULL REFERENCES customers'},
        total numeric(12, 4), placed date, status text {'' if bare else "DEFAULT 'new' CHECK (status IN ('new', 'paid'))"});
    CREATE TABLE log (at bigint, line text)""")
if not bare:
    target.execute("CREATE INDEX orders_by_customer ON orders (customer_id)")


def customer(row):
    id, name, email, note, created, balance, active, tags, token = row
    if mistake == "floats":
        balance = "%f" % balance
    if mistake == "empty is null":
        note = note or None
    if mistake == "cut":
        name = name[:12]
    return id, name, email, note, created, balance, bool(active), json.dumps(json.loads(tags)), token


def copy(table, rows):
    rows = list(rows)
    marks = ", ".join(["%s"] * len(rows[0]))
    with target.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


copy("customers", map(customer, source.execute("SELECT * FROM customers")))
lost = "WHERE id % 20 <> 0" if mistake == "lost rows" else ""
copy("orders", source.execute(f"SELECT * FROM orders {lost}"))
copy("log", source.execute("SELECT * FROM log"))
if mistake == "twice":
    copy("log", source.execute("SELECT * FROM log LIMIT 3"))
if numbered.startswith("bigserial") and not bare and mistake != "sequences not set":
    for table in ("customers", "orders"):
        target.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
target.commit()
