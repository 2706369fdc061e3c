-- database.db of the example application (README.md), in SQLite's dialect.

-- Which workflow holds which issue. Issues are numbered elsewhere: no rowid.
CREATE TABLE adw_locks (
    issue_number INTEGER NOT NULL PRIMARY KEY,
    adw_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planning', 'building', 'testing', 'reviewing', 'documenting')),
    github_url TEXT,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;

-- Phases that wait for their turn.
CREATE TABLE phase_queue (
    queue_id TEXT NOT NULL PRIMARY KEY,
    parent_issue INTEGER NOT NULL,
    phase_number INTEGER NOT NULL,
    issue_number INTEGER,
    status TEXT DEFAULT 'pending' CHECK (status IN ('pending', 'ready', 'running', 'completed', 'failed')),
    depends_on_phase INTEGER,
    phase_data TEXT,
    created_at TEXT DEFAULT (datetime('now')),
    updated_at TEXT DEFAULT (datetime('now')),
    error_message TEXT,
    priority INTEGER DEFAULT 50,
    queue_position INTEGER NOT NULL,
    ready_timestamp TEXT,
    adw_id TEXT
);

CREATE INDEX idx_phase_queue_status ON phase_queue (status);
CREATE INDEX idx_phase_queue_parent_issue ON phase_queue (parent_issue);
CREATE INDEX idx_phase_queue_parent_issue_status ON phase_queue (parent_issue, status);
CREATE INDEX idx_phase_queue_status_priority_queue_position ON phase_queue (status, priority DESC, queue_position);

CREATE TRIGGER phase_queue_updated_at
AFTER UPDATE ON phase_queue
FOR EACH ROW
BEGIN
    UPDATE phase_queue SET updated_at = datetime('now') WHERE queue_id = NEW.queue_id;
END;

-- Settings of the queue.
CREATE TABLE queue_config (
    config_key TEXT NOT NULL PRIMARY KEY,
    config_value TEXT NOT NULL,
    updated_at TEXT DEFAULT (datetime('now'))
);

-- The road map; an item may belong to another.
CREATE TABLE planned_features (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    item_type TEXT NOT NULL CHECK (item_type IN ('session', 'feature', 'bug', 'enhancement')),
    title TEXT NOT NULL,
    description TEXT,
    status TEXT DEFAULT 'planned' CHECK (status IN ('planned', 'in_progress', 'completed', 'cancelled')),
    priority TEXT CHECK (priority IN ('high', 'medium', 'low')),
    estimated_hours REAL,
    actual_hours REAL,
    session_number INTEGER,
    github_issue INTEGER,
    parent_id INTEGER REFERENCES planned_features (id),
    tags TEXT,
    completion_notes TEXT,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    started_at DATETIME,
    completed_at DATETIME
);

CREATE INDEX idx_planned_features_status_priority ON planned_features (status, priority);

-- What each phase said.
CREATE TABLE task_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    adw_id TEXT NOT NULL,
    issue_number INTEGER,
    workflow_template TEXT,
    phase_name TEXT NOT NULL,
    phase_number INTEGER,
    phase_status TEXT CHECK (phase_status IN ('started', 'completed', 'failed', 'skipped')),
    log_message TEXT,
    error_message TEXT,
    started_at TEXT,
    completed_at TEXT,
    duration_seconds REAL,
    tokens_used INTEGER,
    cost_usd REAL,
    captured_at TEXT DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_task_logs_adw_id_phase_number ON task_logs (adw_id, phase_number);

-- What people asked for, in their words.
CREATE TABLE user_prompts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL UNIQUE,
    session_id TEXT,
    nl_input TEXT NOT NULL,
    project_path TEXT,
    auto_post INTEGER DEFAULT 0,
    issue_title TEXT,
    issue_type TEXT,
    is_multi_phase INTEGER DEFAULT 0,
    phase_count INTEGER DEFAULT 1,
    estimated_cost_usd REAL,
    model_name TEXT,
    github_issue_number INTEGER,
    posted_at TEXT,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP
);

-- What a change would touch.
CREATE TABLE context_reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow_id TEXT,
    issue_number INTEGER,
    change_description TEXT NOT NULL,
    project_path TEXT NOT NULL,
    analysis_timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,
    analysis_duration_seconds REAL,
    agent_cost REAL,
    status TEXT DEFAULT 'pending' CHECK (status IN ('pending', 'analyzing', 'complete', 'failed')),
    result TEXT,
    feature_id INTEGER REFERENCES planned_features (id) ON DELETE SET NULL
);

CREATE INDEX idx_context_reviews_status ON context_reviews (status);

-- Demo: an uploaded table with a key into itself.
CREATE TABLE employees (
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
CREATE TABLE products (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    price REAL CHECK (price >= 0),
    in_stock INTEGER DEFAULT 1,
    attributes TEXT,
    added_at TEXT
);

-- Demo: any text and any bytes.
CREATE TABLE data (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT,
    value TEXT,
    payload BLOB
);

-- Demo: no row at all.
CREATE TABLE empty (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP
);

-- Demo: the many rows of database.db.
CREATE TABLE large (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT,
    value REAL,
    category TEXT,
    created_at TEXT
);

CREATE INDEX idx_large_created_at ON large (created_at);

-- Demo: names that need quotes, values that need care.
CREATE TABLE special (
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
CREATE TABLE file0 (
    name TEXT,
    size TEXT,
    modified TEXT
);

-- Demo: sixty columns.
CREATE TABLE wide (
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
