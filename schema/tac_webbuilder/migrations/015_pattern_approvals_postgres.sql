-- 015: who let a pattern become a tool, and how sure we were.

-- Who let a pattern become a tool.
CREATE TABLE IF NOT EXISTS pattern_approvals (
    id BIGSERIAL PRIMARY KEY,
    pattern_id BIGINT NOT NULL UNIQUE REFERENCES operation_patterns (id),
    status VARCHAR(20) DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected', 'auto-approved')),
    confidence_score DOUBLE PRECISION,
    estimated_savings_usd NUMERIC(14,6),
    reviewer_id VARCHAR(100),
    reviewed_at TIMESTAMP,
    approval_notes TEXT,
    created_at TIMESTAMP DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_pattern_approvals_status_created_at ON pattern_approvals (status, created_at DESC);

-- How sure we were, over time.
CREATE TABLE IF NOT EXISTS confidence_history (
    id BIGSERIAL PRIMARY KEY,
    pattern_id BIGINT NOT NULL REFERENCES operation_patterns (id),
    old_confidence DOUBLE PRECISION,
    new_confidence DOUBLE PRECISION,
    adjustment_reason TEXT,
    roi_data JSONB,
    updated_by VARCHAR(100) DEFAULT 'system',
    updated_at TIMESTAMP DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_confidence_history_pattern_id_updated_at ON confidence_history (pattern_id, updated_at DESC);
