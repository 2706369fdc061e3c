-- 001: workflows, and which of them holds which issue.

-- Which workflow holds which issue. Issues are numbered elsewhere: no rowid.
CREATE TABLE IF NOT EXISTS adw_locks (
    issue_number INTEGER NOT NULL PRIMARY KEY,
    adw_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planning', 'building', 'testing', 'reviewing', 'documenting')),
    github_url TEXT,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;

-- One row per workflow; grows for years.
CREATE TABLE IF NOT EXISTS workflow_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    adw_id TEXT NOT NULL UNIQUE,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT DEFAULT CURRENT_TIMESTAMP,
    issue_number INTEGER,
    nl_input TEXT,
    github_url TEXT,
    gh_issue_state TEXT,
    workflow_template TEXT,
    model_used TEXT,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    start_time TEXT,
    end_time TEXT,
    duration_seconds INTEGER,
    error_message TEXT,
    phase_count INTEGER,
    current_phase TEXT,
    success_rate REAL,
    retry_count INTEGER DEFAULT 0,
    worktree_path TEXT,
    worktree_reused INTEGER DEFAULT 0,
    backend_port INTEGER,
    frontend_port INTEGER,
    concurrent_workflows INTEGER DEFAULT 0,
    input_tokens INTEGER DEFAULT 0,
    output_tokens INTEGER DEFAULT 0,
    cached_tokens INTEGER DEFAULT 0,
    cache_hit_tokens INTEGER DEFAULT 0,
    cache_miss_tokens INTEGER DEFAULT 0,
    total_tokens INTEGER DEFAULT 0,
    cache_efficiency_percent REAL,
    estimated_cost_total REAL DEFAULT 0.0,
    actual_cost_total REAL DEFAULT 0.0,
    cost_per_token REAL,
    structured_input TEXT,
    cost_breakdown TEXT,
    token_breakdown TEXT,
    steps_completed INTEGER DEFAULT 0,
    steps_total INTEGER DEFAULT 0,
    hour_of_day INTEGER,
    day_of_week INTEGER,
    nl_input_clarity_score REAL,
    cost_efficiency_score REAL,
    performance_score REAL,
    quality_score REAL,
    anomaly_flags TEXT,
    optimization_recommendations TEXT
);

CREATE INDEX IF NOT EXISTS idx_workflow_history_status ON workflow_history (status);
CREATE INDEX IF NOT EXISTS idx_workflow_history_created_at ON workflow_history (created_at DESC);
CREATE INDEX IF NOT EXISTS idx_workflow_history_model ON workflow_history (model_used);
CREATE INDEX IF NOT EXISTS idx_workflow_history_issue_number ON workflow_history (issue_number);
