-- 007: phases that wait for their turn.

-- Phases that wait for their turn.
CREATE TABLE IF NOT EXISTS phase_queue (
    queue_id VARCHAR(64) NOT NULL PRIMARY KEY,
    feature_id BIGINT NOT NULL,
    phase_number INTEGER NOT NULL,
    issue_number BIGINT,
    status VARCHAR(20) DEFAULT 'pending' CHECK (status IN ('pending', 'ready', 'running', 'completed', 'failed')),
    depends_on_phase INTEGER,
    phase_data JSONB,
    created_at TIMESTAMP DEFAULT now(),
    updated_at TIMESTAMP DEFAULT now(),
    error_message TEXT
);

CREATE INDEX IF NOT EXISTS idx_phase_queue_status ON phase_queue (status);
