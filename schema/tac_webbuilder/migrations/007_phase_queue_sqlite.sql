-- 007: phases that wait for their turn.

-- Phases that wait for their turn.
CREATE TABLE IF NOT EXISTS phase_queue (
    queue_id TEXT NOT NULL PRIMARY KEY,
    feature_id INTEGER NOT NULL,
    phase_number INTEGER NOT NULL,
    issue_number INTEGER,
    status TEXT DEFAULT 'pending' CHECK (status IN ('pending', 'ready', 'running', 'completed', 'failed')),
    depends_on_phase INTEGER,
    phase_data TEXT,
    created_at TEXT DEFAULT (datetime('now')),
    updated_at TEXT DEFAULT (datetime('now')),
    error_message TEXT
);

CREATE INDEX IF NOT EXISTS idx_phase_queue_status ON phase_queue (status);
