-- 005: what hooks report, and the tools there are.

-- What the hooks reported; workflow_id may name a workflow that is gone.
CREATE TABLE IF NOT EXISTS hook_events (
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

CREATE INDEX IF NOT EXISTS idx_hook_events_event_type ON hook_events (event_type);
CREATE INDEX IF NOT EXISTS idx_hook_events_workflow_id ON hook_events (workflow_id);
CREATE INDEX IF NOT EXISTS idx_hook_events_timestamp ON hook_events (timestamp DESC);
CREATE INDEX IF NOT EXISTS idx_hook_events_unprocessed ON hook_events (timestamp) WHERE processed = 0;

-- The tools that can be called.
CREATE TABLE IF NOT EXISTS adw_tools (
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

CREATE INDEX IF NOT EXISTS idx_adw_tools_status ON adw_tools (status);
