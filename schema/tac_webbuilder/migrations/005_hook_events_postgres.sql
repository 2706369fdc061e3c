-- 005: what hooks report, and the tools there are.

-- What the hooks reported; workflow_id may name a workflow that is gone.
CREATE TABLE IF NOT EXISTS hook_events (
    id BIGSERIAL PRIMARY KEY,
    event_id VARCHAR(64) NOT NULL UNIQUE,
    event_type VARCHAR(50) NOT NULL,
    workflow_id VARCHAR(64),
    phase_name VARCHAR(100),
    timestamp TIMESTAMP NOT NULL,
    payload JSONB NOT NULL,
    payload_digest BYTEA,
    processed BOOLEAN DEFAULT false,
    processed_at TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_hook_events_event_type ON hook_events (event_type);
CREATE INDEX IF NOT EXISTS idx_hook_events_workflow_id ON hook_events (workflow_id);
CREATE INDEX IF NOT EXISTS idx_hook_events_timestamp ON hook_events (timestamp DESC);
CREATE INDEX IF NOT EXISTS idx_hook_events_unprocessed ON hook_events (timestamp) WHERE NOT processed;

-- The tools that can be called.
CREATE TABLE IF NOT EXISTS adw_tools (
    tool_name VARCHAR(100) NOT NULL PRIMARY KEY,
    description TEXT,
    tool_type VARCHAR(50),
    script_path VARCHAR(500),
    input_patterns JSONB,
    status VARCHAR(20) DEFAULT 'active' CHECK (status IN ('active', 'deprecated', 'experimental')),
    enabled BOOLEAN DEFAULT true,
    success_rate DOUBLE PRECISION,
    avg_duration_seconds DOUBLE PRECISION,
    total_invocations BIGINT DEFAULT 0,
    created_at TIMESTAMP DEFAULT now(),
    updated_at TIMESTAMP DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_adw_tools_status ON adw_tools (status);
