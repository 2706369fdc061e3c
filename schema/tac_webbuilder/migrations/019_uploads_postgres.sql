-- 019: tables that users uploaded to try things out.

-- Demo: an uploaded table with a key into itself.
CREATE TABLE IF NOT EXISTS employees (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    email VARCHAR(255) UNIQUE,
    department VARCHAR(50),
    salary NUMERIC(14,6),
    hired_on DATE,
    active BOOLEAN DEFAULT true,
    manager_id BIGINT REFERENCES employees (id)
);

-- Demo: an uploaded table.
CREATE TABLE IF NOT EXISTS products (
    id BIGSERIAL PRIMARY KEY,
    sku VARCHAR(40) NOT NULL UNIQUE,
    name VARCHAR(200) NOT NULL,
    price NUMERIC(14,6) CHECK (price >= 0),
    in_stock BOOLEAN DEFAULT true,
    attributes JSONB,
    added_at TIMESTAMP
);

-- Demo: any text and any bytes.
CREATE TABLE IF NOT EXISTS data (
    id BIGSERIAL PRIMARY KEY,
    key VARCHAR(100),
    value TEXT,
    payload BYTEA
);

-- Demo: no row at all.
CREATE TABLE IF NOT EXISTS empty (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(100),
    created_at TIMESTAMP DEFAULT now()
);

-- Demo: the many rows of database.db.
CREATE TABLE IF NOT EXISTS large (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(100),
    value DOUBLE PRECISION,
    category VARCHAR(20),
    created_at TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_large_created_at ON large (created_at);

-- Demo: names that need quotes, values that need care.
CREATE TABLE IF NOT EXISTS special (
    id BIGSERIAL PRIMARY KEY,
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
    modified TIMESTAMP
);

-- Demo: sixty columns.
CREATE TABLE IF NOT EXISTS wide (
    id BIGSERIAL PRIMARY KEY,
    c01 BIGINT,
    c02 DOUBLE PRECISION,
    c03 VARCHAR(40),
    c04 TEXT,
    c05 BIGINT,
    c06 DOUBLE PRECISION,
    c07 VARCHAR(40),
    c08 TEXT,
    c09 BIGINT,
    c10 DOUBLE PRECISION,
    c11 VARCHAR(40),
    c12 TEXT,
    c13 BIGINT,
    c14 DOUBLE PRECISION,
    c15 VARCHAR(40),
    c16 TEXT,
    c17 BIGINT,
    c18 DOUBLE PRECISION,
    c19 VARCHAR(40),
    c20 TEXT,
    c21 BIGINT,
    c22 DOUBLE PRECISION,
    c23 VARCHAR(40),
    c24 TEXT,
    c25 BIGINT,
    c26 DOUBLE PRECISION,
    c27 VARCHAR(40),
    c28 TEXT,
    c29 BIGINT,
    c30 DOUBLE PRECISION,
    c31 VARCHAR(40),
    c32 TEXT,
    c33 BIGINT,
    c34 DOUBLE PRECISION,
    c35 VARCHAR(40),
    c36 TEXT,
    c37 BIGINT,
    c38 DOUBLE PRECISION,
    c39 VARCHAR(40),
    c40 TEXT,
    c41 BIGINT,
    c42 DOUBLE PRECISION,
    c43 VARCHAR(40),
    c44 TEXT,
    c45 BIGINT,
    c46 DOUBLE PRECISION,
    c47 VARCHAR(40),
    c48 TEXT,
    c49 BIGINT,
    c50 DOUBLE PRECISION,
    c51 VARCHAR(40),
    c52 TEXT,
    c53 BIGINT,
    c54 DOUBLE PRECISION,
    c55 VARCHAR(40),
    c56 TEXT,
    c57 BIGINT,
    c58 DOUBLE PRECISION,
    c59 VARCHAR(40),
    c60 TEXT
);
