-- 017: what an automation cost and brought.

-- What an automation cost and brought.
CREATE TABLE IF NOT EXISTS roi_tracking (
    id BIGSERIAL PRIMARY KEY,
    pattern_id BIGINT NOT NULL REFERENCES operation_patterns (id),
    execution_id VARCHAR(64) NOT NULL UNIQUE,
    workflow_id BIGINT REFERENCES workflow_history (id),
    execution_time_seconds DOUBLE PRECISION,
    estimated_time_seconds DOUBLE PRECISION,
    actual_cost NUMERIC(14,6),
    estimated_cost NUMERIC(14,6),
    success BOOLEAN DEFAULT false,
    error_message TEXT,
    executed_at TIMESTAMP DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_roi_tracking_pattern_id ON roi_tracking (pattern_id);
