-- 019: tables that users uploaded to try things out.

-- Demo: an uploaded table with a key into itself.
CREATE TABLE IF NOT EXISTS employees (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT UNIQUE,
    department TEXT,
    salary REAL,
    hired_on DATE,
    active INTEGER DEFAULT 1,
    manager_id INTEGER REFERENCES employees (id)
);

-- Demo: an uploaded table.
CREATE TABLE IF NOT EXISTS products (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    price REAL CHECK (price >= 0),
    in_stock INTEGER DEFAULT 1,
    attributes TEXT,
    added_at TEXT
);

-- Demo: any text and any bytes.
CREATE TABLE IF NOT EXISTS data (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT,
    value TEXT,
    payload BLOB
);

-- Demo: no row at all.
CREATE TABLE IF NOT EXISTS empty (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP
);

-- Demo: the many rows of database.db.
CREATE TABLE IF NOT EXISTS large (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT,
    value REAL,
    category TEXT,
    created_at TEXT
);

CREATE INDEX IF NOT EXISTS idx_large_created_at ON large (created_at);

-- Demo: names that need quotes, values that need care.
CREATE TABLE IF NOT EXISTS special (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "Name With Space" TEXT,
    "select" TEXT,
    "MixedCase" TEXT,
    "größe" TEXT,
    "dash-ed" TEXT,
    "quo""te" TEXT,
    "emoji 🎉" TEXT
);

-- Demo: an uploaded CSV file: no key, everything text.
CREATE TABLE IF NOT EXISTS file0 (
    name TEXT,
    size TEXT,
    modified TEXT
);

-- Demo: sixty columns.
CREATE TABLE IF NOT EXISTS wide (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    c01 INTEGER,
    c02 REAL,
    c03 TEXT,
    c04 TEXT,
    c05 INTEGER,
    c06 REAL,
    c07 TEXT,
    c08 TEXT,
    c09 INTEGER,
    c10 REAL,
    c11 TEXT,
    c12 TEXT,
    c13 INTEGER,
    c14 REAL,
    c15 TEXT,
    c16 TEXT,
    c17 INTEGER,
    c18 REAL,
    c19 TEXT,
    c20 TEXT,
    c21 INTEGER,
    c22 REAL,
    c23 TEXT,
    c24 TEXT,
    c25 INTEGER,
    c26 REAL,
    c27 TEXT,
    c28 TEXT,
    c29 INTEGER,
    c30 REAL,
    c31 TEXT,
    c32 TEXT,
    c33 INTEGER,
    c34 REAL,
    c35 TEXT,
    c36 TEXT,
    c37 INTEGER,
    c38 REAL,
    c39 TEXT,
    c40 TEXT,
    c41 INTEGER,
    c42 REAL,
    c43 TEXT,
    c44 TEXT,
    c45 INTEGER,
    c46 REAL,
    c47 TEXT,
    c48 TEXT,
    c49 INTEGER,
    c50 REAL,
    c51 TEXT,
    c52 TEXT,
    c53 INTEGER,
    c54 REAL,
    c55 TEXT,
    c56 TEXT,
    c57 INTEGER,
    c58 REAL,
    c59 TEXT,
    c60 TEXT
);
