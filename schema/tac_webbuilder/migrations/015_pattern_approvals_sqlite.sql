-- 015: who let a pattern become a tool, and how sure we were.

-- Who let a pattern become a tool.
CREATE TABLE IF NOT EXISTS pattern_approvals (
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

CREATE INDEX IF NOT EXISTS idx_pattern_approvals_status_created_at ON pattern_approvals (status, created_at DESC);

-- How sure we were, over time.
CREATE TABLE IF NOT EXISTS confidence_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pattern_id INTEGER NOT NULL REFERENCES operation_patterns (id),
    old_confidence REAL,
    new_confidence REAL,
    adjustment_reason TEXT,
    roi_data TEXT,
    updated_by TEXT DEFAULT 'system',
    updated_at TEXT DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_confidence_history_pattern_id_updated_at ON confidence_history (pattern_id, updated_at DESC);
