-- 003: what workflows have in common, and the tools that they call.

-- What the workflows have in common.
CREATE TABLE IF NOT EXISTS operation_patterns (
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

CREATE INDEX IF NOT EXISTS idx_operation_patterns_pattern_type ON operation_patterns (pattern_type);
CREATE INDEX IF NOT EXISTS idx_operation_patterns_automation_status ON operation_patterns (automation_status);
CREATE INDEX IF NOT EXISTS idx_operation_patterns_confidence_score ON operation_patterns (confidence_score DESC);
CREATE INDEX IF NOT EXISTS idx_operation_patterns_last_seen ON operation_patterns (last_seen DESC);

-- One row per call of a tool.
CREATE TABLE IF NOT EXISTS tool_calls (
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

CREATE INDEX IF NOT EXISTS idx_tool_calls_workflow_id ON tool_calls (workflow_id);
CREATE INDEX IF NOT EXISTS idx_tool_calls_tool_name ON tool_calls (tool_name);
CREATE INDEX IF NOT EXISTS idx_tool_calls_called_at ON tool_calls (called_at DESC);
CREATE INDEX IF NOT EXISTS idx_tool_calls_failed ON tool_calls (called_at) WHERE success = 0;
