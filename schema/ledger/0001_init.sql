-- The ledger, format 4. Its rows commit together with the data they speak of. Each has a `seal`, a digest over what it
-- says (src/postgres/seal.rs), by which an edit is seen.
CREATE SCHEMA IF NOT EXISTS cutover;

CREATE TABLE cutover.meta (
  format     integer     NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO cutover.meta (format) VALUES (4);

-- One row for each SQLite file and target schema. `epoch` fences: whoever takes over raises it, and every
-- transaction of a run checks it under a lock. `…_rows` is how many rows of the other tables speak of it.
-- `prediction` is what a rehearsal expected of the run, as JSON, where the run was given its report.
CREATE TABLE cutover.source (
  source_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  path          text        NOT NULL,
  target_schema text        NOT NULL,
  fingerprint   text        NOT NULL,
  options       text        NOT NULL,
  plan_hash     text        NOT NULL,
  plan          text        NOT NULL,
  created_schema boolean    NOT NULL,
  epoch         bigint      NOT NULL,
  run_id        text        NOT NULL,
  started_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at   timestamptz,
  last_error    text,
  prediction    text,
  before_rows   bigint      NOT NULL,
  chunk_rows    bigint      NOT NULL,
  step_rows     bigint      NOT NULL,
  seal          bytea       NOT NULL,
  UNIQUE (path, target_schema)
);

-- Who works here: one row at most, and for as long as it does. `until` is the server's time after which an owner that has
-- not renewed it has fallen silent. The lock of the backend decides, and `epoch` fences; this row names.
CREATE TABLE cutover.lease (
  singleton   boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
  run_id      text        NOT NULL,
  backend_pid integer     NOT NULL,
  host        text        NOT NULL,
  process_id  bigint      NOT NULL,
  until       timestamptz NOT NULL
);

-- What each existing table held before us, where it held anything (--existing append).
CREATE TABLE cutover.before (
  source_id  bigint NOT NULL REFERENCES cutover.source ON DELETE CASCADE,
  table_name text   NOT NULL,
  digest     bytea  NOT NULL,
  seal       bytea  NOT NULL,
  PRIMARY KEY (source_id, table_name)
);

-- Key ranges of each table, both ends included, decided once. A chunk is done when `digest` is there:
-- 8 bytes of row count and 32 bytes of sum, big-endian; over the rows that went into the table. Those that were
-- set aside are counted apart, and where there are any they have a digest of their own.
CREATE TABLE cutover.chunk (
  source_id   bigint  NOT NULL REFERENCES cutover.source ON DELETE CASCADE,
  table_name  text    NOT NULL,
  chunk       integer NOT NULL,
  lo          bigint,
  hi          bigint,
  rows        bigint  NOT NULL,
  bytes       bigint  NOT NULL,
  digest      bytea,
  set_aside   bigint  NOT NULL DEFAULT 0,
  set_aside_digest bytea,
  epoch       bigint,
  done_at     timestamptz,
  verified_at timestamptz,
  seal        bytea   NOT NULL,
  PRIMARY KEY (source_id, table_name, chunk)
);

-- Everything else that changes the target after the data, in order.
CREATE TABLE cutover.step (
  source_id  bigint  NOT NULL REFERENCES cutover.source ON DELETE CASCADE,
  step       integer NOT NULL,
  table_name text    NOT NULL,
  kind       text    NOT NULL,
  object     text    NOT NULL,
  sql        text    NOT NULL,
  restores   boolean NOT NULL,
  state      text    NOT NULL CHECK (state IN ('pending', 'done', 'left')),
  detail     text,
  done_at    timestamptz,
  seal       bytea   NOT NULL,
  PRIMARY KEY (source_id, step)
);

-- Rows that a policy kept out of their table, whole. `row` is the rowid, or the row's number where it has none. Element by
-- element, `columns`, `classes` and `stored` are the row: `stored` is NULL for NULL, the decimal text of an INTEGER, the
-- shortest exact text of a REAL (read it with ::float8), the stored bytes of a TEXT (in the file's `encoding`) or BLOB.
CREATE TABLE cutover.set_aside (
  source_id   bigint  NOT NULL REFERENCES cutover.source ON DELETE CASCADE,
  table_name  text    NOT NULL,
  chunk       integer NOT NULL,
  row         bigint  NOT NULL,
  key         text    NOT NULL,
  column_name text    NOT NULL,
  class       text    NOT NULL,
  bytes       bigint  NOT NULL,
  rule        text    NOT NULL,
  reason      text    NOT NULL,
  encoding    text    NOT NULL,
  columns     text[]  NOT NULL,
  classes     text[]  NOT NULL,
  stored      bytea[] NOT NULL,
  PRIMARY KEY (source_id, table_name, row)
);

-- The same, one value a row; `number` is filled where the value is one.
CREATE VIEW cutover.set_aside_value AS
  SELECT s.source_id, s.table_name, s.row, s.key, s.rule, v.position, v.name, v.class, v.stored,
         CASE WHEN v.class IN ('integer', 'real') THEN encode(v.stored, 'escape') END AS number
  FROM cutover.set_aside s,
       unnest(s.columns, s.classes, s.stored) WITH ORDINALITY v (name, class, stored, position);
