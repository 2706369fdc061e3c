-- 017: what an automation cost and brought.

-- What an automation cost and brought.
CREATE TABLE IF NOT EXISTS roi_tracking (
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

CREATE INDEX IF NOT EXISTS idx_roi_tracking_pattern_id ON roi_tracking (pattern_id);
