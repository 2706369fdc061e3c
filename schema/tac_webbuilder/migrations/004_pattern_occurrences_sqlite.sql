-- 004: which workflow showed which pattern, and what that saved.

-- Which workflow showed which pattern.
CREATE TABLE IF NOT EXISTS pattern_occurrences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pattern_id INTEGER NOT NULL REFERENCES operation_patterns (id) ON DELETE CASCADE,
    workflow_id TEXT NOT NULL REFERENCES workflow_history (adw_id),
    similarity_score REAL DEFAULT 0.0,
    matched_characteristics TEXT,
    detected_at TEXT DEFAULT (datetime('now')),
    UNIQUE (pattern_id, workflow_id)
);

CREATE INDEX IF NOT EXISTS idx_pattern_occurrences_pattern_id ON pattern_occurrences (pattern_id);
CREATE INDEX IF NOT EXISTS idx_pattern_occurrences_workflow_id ON pattern_occurrences (workflow_id);
CREATE INDEX IF NOT EXISTS idx_pattern_occurrences_detected_at ON pattern_occurrences (detected_at DESC);

-- What each optimisation saved.
CREATE TABLE IF NOT EXISTS cost_savings_log (
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

CREATE INDEX IF NOT EXISTS idx_cost_savings_log_optimization_type ON cost_savings_log (optimization_type);
CREATE INDEX IF NOT EXISTS idx_cost_savings_log_workflow_id ON cost_savings_log (workflow_id);
CREATE INDEX IF NOT EXISTS idx_cost_savings_log_saved_at ON cost_savings_log (saved_at DESC);
