-- 014: the road map.

-- The road map; an item may belong to another.
CREATE TABLE IF NOT EXISTS planned_features (
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
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_planned_features_status_priority ON planned_features (status, priority);
