-- workflow_history.db of the example application (README.md), in SQLite's dialect.

-- One row per workflow; grows for years.
CREATE TABLE workflow_history (
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
    optimization_recommendations TEXT,
    idle_time_seconds INTEGER,
    bottleneck_phase TEXT,
    error_category TEXT,
    retry_reasons TEXT,
    error_phase_distribution TEXT,
    recovery_time_seconds INTEGER,
    complexity_estimated TEXT,
    complexity_actual TEXT,
    phase_durations TEXT,
    scoring_version TEXT DEFAULT '1.0'
);

CREATE INDEX idx_workflow_history_status ON workflow_history (status);
CREATE INDEX idx_workflow_history_created_at ON workflow_history (created_at DESC);
CREATE INDEX idx_workflow_history_model_used ON workflow_history (model_used);
CREATE INDEX idx_workflow_history_issue_number ON workflow_history (issue_number);
CREATE INDEX idx_workflow_history_status_created_at ON workflow_history (status, created_at DESC);
CREATE INDEX idx_workflow_history_workflow_template ON workflow_history (workflow_template);
CREATE INDEX idx_workflow_history_model_used_status ON workflow_history (model_used, status);
CREATE INDEX idx_workflow_history_complexity_actual ON workflow_history (complexity_actual);
CREATE INDEX idx_workflow_history_error_category ON workflow_history (error_category) WHERE error_category IS NOT NULL;

-- What each model cost.
CREATE VIEW workflow_costs AS
SELECT model_used, count(*) AS workflows, sum(total_tokens) AS tokens, max(actual_cost_total) AS highest_cost, max(duration_seconds) AS longest_seconds
FROM workflow_history
WHERE status = 'completed'
GROUP BY model_used;

-- What the workflows have in common.
CREATE TABLE operation_patterns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pattern_signature TEXT NOT NULL UNIQUE,
    pattern_type TEXT NOT NULL,
    first_detected TEXT DEFAULT (datetime('now')),
    last_seen TEXT DEFAULT (datetime('now')),
    occurrence_count INTEGER DEFAULT 1,
    typical_input_pattern TEXT,
    typical_operations TEXT,
    typical_files_accessed TEXT,
    avg_tokens_with_llm INTEGER DEFAULT 0,
    avg_cost_with_llm REAL DEFAULT 0.0,
    avg_tokens_with_tool INTEGER DEFAULT 0,
    avg_cost_with_tool REAL DEFAULT 0.0,
    potential_monthly_savings REAL DEFAULT 0.0,
    automation_status TEXT DEFAULT 'detected' CHECK (automation_status IN ('detected', 'candidate', 'approved', 'implemented', 'active', 'deprecated')),
    confidence_score REAL DEFAULT 10.0,
    tool_name TEXT,
    reviewed_by TEXT,
    reviewed_at TEXT,
    review_notes TEXT,
    created_at TEXT DEFAULT (datetime('now'))
);

CREATE INDEX idx_operation_patterns_pattern_type ON operation_patterns (pattern_type);
CREATE INDEX idx_operation_patterns_automation_status ON operation_patterns (automation_status);
CREATE INDEX idx_operation_patterns_confidence_score ON operation_patterns (confidence_score DESC);
CREATE INDEX idx_operation_patterns_last_seen ON operation_patterns (last_seen DESC);

-- Which workflow showed which pattern.
CREATE TABLE pattern_occurrences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pattern_id INTEGER NOT NULL REFERENCES operation_patterns (id) ON DELETE CASCADE,
    workflow_id TEXT NOT NULL REFERENCES workflow_history (adw_id),
    similarity_score REAL DEFAULT 0.0,
    matched_characteristics TEXT,
    detected_at TEXT DEFAULT (datetime('now')),
    UNIQUE (pattern_id, workflow_id)
);

CREATE INDEX idx_pattern_occurrences_pattern_id ON pattern_occurrences (pattern_id);
CREATE INDEX idx_pattern_occurrences_workflow_id ON pattern_occurrences (workflow_id);
CREATE INDEX idx_pattern_occurrences_detected_at ON pattern_occurrences (detected_at DESC);

-- One row per call of a tool.
CREATE TABLE tool_calls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tool_call_id TEXT NOT NULL UNIQUE,
    workflow_id TEXT NOT NULL REFERENCES workflow_history (adw_id),
    tool_name TEXT NOT NULL,
    tool_params TEXT,
    called_at TEXT DEFAULT (datetime('now')),
    completed_at TEXT,
    duration_seconds REAL,
    success INTEGER DEFAULT 0,
    error_message TEXT,
    result_data TEXT,
    tokens_saved INTEGER DEFAULT 0,
    cost_saved_usd REAL DEFAULT 0.0,
    pattern_id INTEGER REFERENCES operation_patterns (id)
);

CREATE INDEX idx_tool_calls_workflow_id ON tool_calls (workflow_id);
CREATE INDEX idx_tool_calls_tool_name ON tool_calls (tool_name);
CREATE INDEX idx_tool_calls_called_at ON tool_calls (called_at DESC);
CREATE INDEX idx_tool_calls_failed ON tool_calls (called_at) WHERE success = 0;

-- What the hooks reported; workflow_id may name a workflow that is gone.
CREATE TABLE hook_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    event_type TEXT NOT NULL,
    workflow_id TEXT,
    phase_name TEXT,
    timestamp TEXT NOT NULL,
    payload TEXT NOT NULL,
    payload_digest BLOB,
    processed INTEGER DEFAULT 0,
    processed_at TEXT
);

CREATE INDEX idx_hook_events_event_type ON hook_events (event_type);
CREATE INDEX idx_hook_events_workflow_id ON hook_events (workflow_id);
CREATE INDEX idx_hook_events_timestamp ON hook_events (timestamp DESC);
CREATE INDEX idx_hook_events_unprocessed ON hook_events (timestamp) WHERE processed = 0;

-- The tools that can be called.
CREATE TABLE adw_tools (
    tool_name TEXT NOT NULL PRIMARY KEY,
    description TEXT,
    tool_type TEXT,
    script_path TEXT,
    input_patterns TEXT,
    status TEXT DEFAULT 'active' CHECK (status IN ('active', 'deprecated', 'experimental')),
    enabled INTEGER DEFAULT 1,
    success_rate REAL,
    avg_duration_seconds REAL,
    total_invocations INTEGER DEFAULT 0,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP,
    updated_at TEXT DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_adw_tools_status ON adw_tools (status);

-- What each optimisation saved.
CREATE TABLE cost_savings_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    optimization_type TEXT NOT NULL CHECK (optimization_type IN ('tool_call', 'input_split', 'pattern_offload', 'inverted_flow')),
    workflow_id TEXT NOT NULL,
    tool_call_id TEXT REFERENCES tool_calls (tool_call_id),
    pattern_id INTEGER REFERENCES operation_patterns (id),
    baseline_tokens INTEGER DEFAULT 0,
    actual_tokens INTEGER DEFAULT 0,
    tokens_saved INTEGER DEFAULT 0,
    cost_saved_usd REAL DEFAULT 0.0,
    saved_at TEXT DEFAULT (datetime('now')),
    notes TEXT
);

CREATE INDEX idx_cost_savings_log_optimization_type ON cost_savings_log (optimization_type);
CREATE INDEX idx_cost_savings_log_workflow_id ON cost_savings_log (workflow_id);
CREATE INDEX idx_cost_savings_log_saved_at ON cost_savings_log (saved_at DESC);

-- Guesses, and whether they came true.
CREATE TABLE pattern_predictions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL,
    pattern_id INTEGER NOT NULL REFERENCES operation_patterns (id),
    confidence_score REAL NOT NULL,
    reasoning TEXT,
    predicted_at TEXT DEFAULT CURRENT_TIMESTAMP,
    was_correct INTEGER,
    validated_at TEXT
);

CREATE INDEX idx_pattern_predictions_pattern_id ON pattern_predictions (pattern_id);
CREATE INDEX idx_pattern_predictions_request_id ON pattern_predictions (request_id);

-- Who let a pattern become a tool.
CREATE TABLE pattern_approvals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pattern_id INTEGER NOT NULL UNIQUE REFERENCES operation_patterns (id),
    status TEXT DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected', 'auto-approved')),
    confidence_score REAL,
    estimated_savings_usd REAL,
    reviewer_id TEXT,
    reviewed_at TEXT,
    approval_notes TEXT,
    created_at TEXT DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_pattern_approvals_status_created_at ON pattern_approvals (status, created_at DESC);

-- How sure we were, over time.
CREATE TABLE confidence_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pattern_id INTEGER NOT NULL REFERENCES operation_patterns (id),
    old_confidence REAL,
    new_confidence REAL,
    adjustment_reason TEXT,
    roi_data TEXT,
    updated_by TEXT DEFAULT 'system',
    updated_at TEXT DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_confidence_history_pattern_id_updated_at ON confidence_history (pattern_id, updated_at DESC);

-- What an automation cost and brought.
CREATE TABLE roi_tracking (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pattern_id INTEGER NOT NULL REFERENCES operation_patterns (id),
    execution_id TEXT NOT NULL UNIQUE,
    workflow_id INTEGER REFERENCES workflow_history (id),
    execution_time_seconds REAL,
    estimated_time_seconds REAL,
    actual_cost REAL,
    estimated_cost REAL,
    success INTEGER DEFAULT 0,
    error_message TEXT,
    executed_at TEXT DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_roi_tracking_pattern_id ON roi_tracking (pattern_id);
