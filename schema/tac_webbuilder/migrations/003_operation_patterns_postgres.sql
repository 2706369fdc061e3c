-- 003: what workflows have in common, and the tools that they call.

-- What the workflows have in common.
CREATE TABLE IF NOT EXISTS operation_patterns (
    id BIGSERIAL PRIMARY KEY,
    pattern_signature VARCHAR(255) NOT NULL UNIQUE,
    pattern_type VARCHAR(50) NOT NULL,
    first_detected TIMESTAMP DEFAULT now(),
    last_seen TIMESTAMP DEFAULT now(),
    occurrence_count INTEGER DEFAULT 1,
    typical_input_pattern TEXT,
    typical_operations JSONB,
    typical_files_accessed JSONB,
    avg_tokens_with_llm BIGINT DEFAULT 0,
    avg_cost_with_llm NUMERIC(14,6) DEFAULT 0.0,
    avg_tokens_with_tool BIGINT DEFAULT 0,
    avg_cost_with_tool NUMERIC(14,6) DEFAULT 0.0,
    potential_monthly_savings NUMERIC(14,6) DEFAULT 0.0,
    automation_status VARCHAR(20) DEFAULT 'detected' CHECK (automation_status IN ('detected', 'candidate', 'approved', 'implemented', 'active', 'deprecated')),
    confidence_score DOUBLE PRECISION DEFAULT 10.0,
    tool_name VARCHAR(100),
    reviewed_by VARCHAR(100),
    reviewed_at TIMESTAMP,
    review_notes TEXT,
    created_at TIMESTAMP DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_operation_patterns_pattern_type ON operation_patterns (pattern_type);
CREATE INDEX IF NOT EXISTS idx_operation_patterns_automation_status ON operation_patterns (automation_status);
CREATE INDEX IF NOT EXISTS idx_operation_patterns_confidence_score ON operation_patterns (confidence_score DESC);
CREATE INDEX IF NOT EXISTS idx_operation_patterns_last_seen ON operation_patterns (last_seen DESC);

-- One row per call of a tool.
CREATE TABLE IF NOT EXISTS tool_calls (
    id BIGSERIAL PRIMARY KEY,
    tool_call_id VARCHAR(64) NOT NULL UNIQUE,
    workflow_id VARCHAR(64) NOT NULL REFERENCES workflow_history (adw_id),
    tool_name VARCHAR(100) NOT NULL,
    tool_params JSONB,
    called_at TIMESTAMP DEFAULT now(),
    completed_at TIMESTAMP,
    duration_seconds DOUBLE PRECISION,
    success BOOLEAN DEFAULT false,
    error_message TEXT,
    result_data JSONB,
    tokens_saved BIGINT DEFAULT 0,
    cost_saved_usd NUMERIC(14,6) DEFAULT 0.0,
    pattern_id BIGINT REFERENCES operation_patterns (id)
);

CREATE INDEX IF NOT EXISTS idx_tool_calls_workflow_id ON tool_calls (workflow_id);
CREATE INDEX IF NOT EXISTS idx_tool_calls_tool_name ON tool_calls (tool_name);
CREATE INDEX IF NOT EXISTS idx_tool_calls_called_at ON tool_calls (called_at DESC);
CREATE INDEX IF NOT EXISTS idx_tool_calls_failed ON tool_calls (called_at) WHERE NOT success;
