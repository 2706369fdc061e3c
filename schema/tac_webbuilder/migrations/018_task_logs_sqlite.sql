-- 018: what phases said, what people asked for, what a change would touch.

-- What each phase said.
CREATE TABLE IF NOT EXISTS task_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    adw_id TEXT NOT NULL,
    issue_number INTEGER,
    workflow_template TEXT,
    phase_name TEXT NOT NULL,
    phase_number INTEGER,
    phase_status TEXT CHECK (phase_status IN ('started', 'completed', 'failed', 'skipped')),
    log_message TEXT,
    raw_output TEXT,
    error_message TEXT,
    started_at TEXT,
    completed_at TEXT,
    duration_seconds REAL,
    tokens_used INTEGER,
    cost_usd REAL,
    captured_at TEXT DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_task_logs_adw_id_phase_number ON task_logs (adw_id, phase_number);

-- What people asked for, in their words.
CREATE TABLE IF NOT EXISTS user_prompts (
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
CREATE TABLE IF NOT EXISTS context_reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow_id TEXT,
    issue_number INTEGER,
    change_description TEXT NOT NULL,
    project_path TEXT NOT NULL,
    analysis_timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,
    analysis_duration_seconds REAL,
    agent_cost REAL,
    status TEXT DEFAULT 'pending' CHECK (status IN ('pending', 'analyzing', 'complete', 'failed')),
    result TEXT
);

CREATE INDEX IF NOT EXISTS idx_context_reviews_status ON context_reviews (status);
