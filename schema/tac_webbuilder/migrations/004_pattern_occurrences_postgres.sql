-- 004: which workflow showed which pattern, and what that saved.

-- Which workflow showed which pattern.
CREATE TABLE IF NOT EXISTS pattern_occurrences (
    id BIGSERIAL PRIMARY KEY,
    pattern_id BIGINT NOT NULL REFERENCES operation_patterns (id) ON DELETE CASCADE,
    workflow_id VARCHAR(64) NOT NULL REFERENCES workflow_history (adw_id),
    similarity_score DOUBLE PRECISION DEFAULT 0.0,
    matched_characteristics JSONB,
    detected_at TIMESTAMP DEFAULT now(),
    UNIQUE (pattern_id, workflow_id)
);

CREATE INDEX IF NOT EXISTS idx_pattern_occurrences_pattern_id ON pattern_occurrences (pattern_id);
CREATE INDEX IF NOT EXISTS idx_pattern_occurrences_workflow_id ON pattern_occurrences (workflow_id);
CREATE INDEX IF NOT EXISTS idx_pattern_occurrences_detected_at ON pattern_occurrences (detected_at DESC);

-- What each optimisation saved.
CREATE TABLE IF NOT EXISTS cost_savings_log (
    id BIGSERIAL PRIMARY KEY,
    optimization_type VARCHAR(50) NOT NULL CHECK (optimization_type IN ('tool_call', 'input_split', 'pattern_offload', 'inverted_flow')),
    workflow_id VARCHAR(64) NOT NULL,
    tool_call_id VARCHAR(64) REFERENCES tool_calls (tool_call_id),
    pattern_id BIGINT REFERENCES operation_patterns (id),
    baseline_tokens BIGINT DEFAULT 0,
    actual_tokens BIGINT DEFAULT 0,
    tokens_saved BIGINT DEFAULT 0,
    cost_saved_usd NUMERIC(14,6) DEFAULT 0.0,
    saved_at TIMESTAMP DEFAULT now(),
    notes TEXT
);

CREATE INDEX IF NOT EXISTS idx_cost_savings_log_optimization_type ON cost_savings_log (optimization_type);
CREATE INDEX IF NOT EXISTS idx_cost_savings_log_workflow_id ON cost_savings_log (workflow_id);
CREATE INDEX IF NOT EXISTS idx_cost_savings_log_saved_at ON cost_savings_log (saved_at DESC);
