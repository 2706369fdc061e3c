-- The whole schema of the example application (README.md) in PostgreSQL's own types.
-- Names are not qualified: it lands in the first schema of the search_path.

-- Which workflow holds which issue.
CREATE TABLE adw_locks (
    issue_number BIGINT NOT NULL PRIMARY KEY,
    adw_id VARCHAR(64) NOT NULL,
    status VARCHAR(20) NOT NULL CHECK (status IN ('planning', 'building', 'testing', 'reviewing', 'documenting')),
    github_url VARCHAR(500),
    created_at TIMESTAMP DEFAULT now(),
    updated_at TIMESTAMP DEFAULT now()
);

-- Phases that wait for their turn.
CREATE TABLE phase_queue (
    queue_id VARCHAR(64) NOT NULL PRIMARY KEY,
    parent_issue BIGINT NOT NULL,
    phase_number INTEGER NOT NULL,
    issue_number BIGINT,
    status VARCHAR(20) DEFAULT 'pending' CHECK (status IN ('pending', 'ready', 'running', 'completed', 'failed')),
    depends_on_phase INTEGER,
    phase_data JSONB,
    created_at TIMESTAMP DEFAULT now(),
    updated_at TIMESTAMP DEFAULT now(),
    error_message TEXT,
    priority INTEGER DEFAULT 50,
    queue_position INTEGER NOT NULL,
    ready_timestamp TIMESTAMP,
    adw_id VARCHAR(64)
);

CREATE INDEX idx_phase_queue_status ON phase_queue (status);
CREATE INDEX idx_phase_queue_parent_issue ON phase_queue (parent_issue);
CREATE INDEX idx_phase_queue_parent_issue_status ON phase_queue (parent_issue, status);
CREATE INDEX idx_phase_queue_status_priority_queue_position ON phase_queue (status, priority DESC, queue_position);

CREATE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END;
$$;

CREATE TRIGGER phase_queue_updated_at BEFORE UPDATE ON phase_queue
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- Settings of the queue.
CREATE TABLE queue_config (
    config_key VARCHAR(100) NOT NULL PRIMARY KEY,
    config_value TEXT NOT NULL,
    updated_at TIMESTAMP DEFAULT now()
);

-- The road map; an item may belong to another.
CREATE TABLE planned_features (
    id BIGSERIAL PRIMARY KEY,
    item_type VARCHAR(20) NOT NULL CHECK (item_type IN ('session', 'feature', 'bug', 'enhancement')),
    title VARCHAR(255) NOT NULL,
    description TEXT,
    status VARCHAR(20) DEFAULT 'planned' CHECK (status IN ('planned', 'in_progress', 'completed', 'cancelled')),
    priority VARCHAR(10) CHECK (priority IN ('high', 'medium', 'low')),
    estimated_hours DOUBLE PRECISION,
    actual_hours DOUBLE PRECISION,
    session_number INTEGER,
    github_issue BIGINT,
    parent_id BIGINT REFERENCES planned_features (id),
    tags JSONB,
    completion_notes TEXT,
    created_at TIMESTAMP DEFAULT now(),
    updated_at TIMESTAMP DEFAULT now(),
    started_at TIMESTAMP,
    completed_at TIMESTAMP
);

CREATE INDEX idx_planned_features_status_priority ON planned_features (status, priority);

-- What each phase said.
CREATE TABLE task_logs (
    id BIGSERIAL PRIMARY KEY,
    adw_id VARCHAR(64) NOT NULL,
    issue_number BIGINT,
    workflow_template VARCHAR(100),
    phase_name VARCHAR(100) NOT NULL,
    phase_number INTEGER,
    phase_status VARCHAR(20) CHECK (phase_status IN ('started', 'completed', 'failed', 'skipped')),
    log_message TEXT,
    error_message TEXT,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    duration_seconds DOUBLE PRECISION,
    tokens_used BIGINT,
    cost_usd NUMERIC(14,6),
    captured_at TIMESTAMP DEFAULT now()
);

CREATE INDEX idx_task_logs_adw_id_phase_number ON task_logs (adw_id, phase_number);

-- What people asked for, in their words.
CREATE TABLE user_prompts (
    id BIGSERIAL PRIMARY KEY,
    request_id VARCHAR(64) NOT NULL UNIQUE,
    session_id VARCHAR(64),
    nl_input TEXT NOT NULL,
    project_path VARCHAR(500),
    auto_post BOOLEAN DEFAULT false,
    issue_title VARCHAR(255),
    issue_type VARCHAR(20),
    is_multi_phase BOOLEAN DEFAULT false,
    phase_count INTEGER DEFAULT 1,
    estimated_cost_usd NUMERIC(14,6),
    model_name VARCHAR(100),
    github_issue_number BIGINT,
    posted_at TIMESTAMP,
    created_at TIMESTAMP DEFAULT now()
);

-- What a change would touch.
CREATE TABLE context_reviews (
    id BIGSERIAL PRIMARY KEY,
    workflow_id VARCHAR(64),
    issue_number BIGINT,
    change_description TEXT NOT NULL,
    project_path VARCHAR(500) NOT NULL,
    analysis_timestamp TIMESTAMP DEFAULT now(),
    analysis_duration_seconds DOUBLE PRECISION,
    agent_cost NUMERIC(14,6),
    status VARCHAR(20) DEFAULT 'pending' CHECK (status IN ('pending', 'analyzing', 'complete', 'failed')),
    result JSONB,
    feature_id BIGINT REFERENCES planned_features (id) ON DELETE SET NULL
);

CREATE INDEX idx_context_reviews_status ON context_reviews (status);

-- Demo: an uploaded table with a key into itself.
CREATE TABLE employees (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(100) NOT NULL,
    email VARCHAR(255) UNIQUE,
    department VARCHAR(50),
    salary NUMERIC(14,6),
    hired_on DATE,
    active BOOLEAN DEFAULT true,
    manager_id BIGINT REFERENCES employees (id)
);

-- Demo: an uploaded table.
CREATE TABLE products (
    id BIGSERIAL PRIMARY KEY,
    sku VARCHAR(40) NOT NULL UNIQUE,
    name VARCHAR(200) NOT NULL,
    price NUMERIC(14,6) CHECK (price >= 0),
    in_stock BOOLEAN DEFAULT true,
    attributes JSONB,
    added_at TIMESTAMP
);

-- Demo: any text and any bytes.
CREATE TABLE data (
    id BIGSERIAL PRIMARY KEY,
    key VARCHAR(100),
    value TEXT,
    payload BYTEA
);

-- Demo: no row at all.
CREATE TABLE empty (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(100),
    created_at TIMESTAMP DEFAULT now()
);

-- Demo: the many rows of database.db.
CREATE TABLE large (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(100),
    value DOUBLE PRECISION,
    category VARCHAR(20),
    created_at TIMESTAMP
);

CREATE INDEX idx_large_created_at ON large (created_at);

-- Demo: names that need quotes, values that need care.
CREATE TABLE special (
    id BIGSERIAL PRIMARY KEY,
    "Name With Space" TEXT,
    "select" TEXT,
    "MixedCase" TEXT,
    "größe" TEXT,
    "dash-ed" TEXT,
    "quo""te" TEXT,
    "emoji 🎉" TEXT
);

-- Demo: an uploaded CSV file: no key, everything text.
CREATE TABLE file0 (
    name TEXT,
    size TEXT,
    modified TIMESTAMP
);

-- Demo: sixty columns.
CREATE TABLE wide (
    id BIGSERIAL PRIMARY KEY,
    c01 BIGINT,
    c02 DOUBLE PRECISION,
    c03 VARCHAR(40),
    c04 TEXT,
    c05 BIGINT,
    c06 DOUBLE PRECISION,
    c07 VARCHAR(40),
    c08 TEXT,
    c09 BIGINT,
    c10 DOUBLE PRECISION,
    c11 VARCHAR(40),
    c12 TEXT,
    c13 BIGINT,
    c14 DOUBLE PRECISION,
    c15 VARCHAR(40),
    c16 TEXT,
    c17 BIGINT,
    c18 DOUBLE PRECISION,
    c19 VARCHAR(40),
    c20 TEXT,
    c21 BIGINT,
    c22 DOUBLE PRECISION,
    c23 VARCHAR(40),
    c24 TEXT,
    c25 BIGINT,
    c26 DOUBLE PRECISION,
    c27 VARCHAR(40),
    c28 TEXT,
    c29 BIGINT,
    c30 DOUBLE PRECISION,
    c31 VARCHAR(40),
    c32 TEXT,
    c33 BIGINT,
    c34 DOUBLE PRECISION,
    c35 VARCHAR(40),
    c36 TEXT,
    c37 BIGINT,
    c38 DOUBLE PRECISION,
    c39 VARCHAR(40),
    c40 TEXT,
    c41 BIGINT,
    c42 DOUBLE PRECISION,
    c43 VARCHAR(40),
    c44 TEXT,
    c45 BIGINT,
    c46 DOUBLE PRECISION,
    c47 VARCHAR(40),
    c48 TEXT,
    c49 BIGINT,
    c50 DOUBLE PRECISION,
    c51 VARCHAR(40),
    c52 TEXT,
    c53 BIGINT,
    c54 DOUBLE PRECISION,
    c55 VARCHAR(40),
    c56 TEXT,
    c57 BIGINT,
    c58 DOUBLE PRECISION,
    c59 VARCHAR(40),
    c60 TEXT
);

-- One row per workflow; grows for years.
CREATE TABLE workflow_history (
    id BIGSERIAL PRIMARY KEY,
    adw_id VARCHAR(64) NOT NULL UNIQUE,
    created_at TIMESTAMP DEFAULT now(),
    updated_at TIMESTAMP DEFAULT now(),
    issue_number BIGINT,
    nl_input TEXT,
    github_url VARCHAR(500),
    gh_issue_state VARCHAR(20),
    workflow_template VARCHAR(100),
    model_used VARCHAR(100),
    status VARCHAR(20) NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    start_time TIMESTAMP,
    end_time TIMESTAMP,
    duration_seconds BIGINT,
    error_message TEXT,
    phase_count INTEGER,
    current_phase VARCHAR(100),
    success_rate DOUBLE PRECISION,
    retry_count INTEGER DEFAULT 0,
    worktree_path TEXT,
    worktree_reused BOOLEAN DEFAULT false,
    backend_port INTEGER,
    frontend_port INTEGER,
    concurrent_workflows INTEGER DEFAULT 0,
    input_tokens BIGINT DEFAULT 0,
    output_tokens BIGINT DEFAULT 0,
    cached_tokens BIGINT DEFAULT 0,
    cache_hit_tokens BIGINT DEFAULT 0,
    cache_miss_tokens BIGINT DEFAULT 0,
    total_tokens BIGINT DEFAULT 0,
    cache_efficiency_percent DOUBLE PRECISION,
    estimated_cost_total NUMERIC(14,6) DEFAULT 0.0,
    actual_cost_total NUMERIC(14,6) DEFAULT 0.0,
    cost_per_token DOUBLE PRECISION,
    structured_input JSONB,
    cost_breakdown JSONB,
    token_breakdown JSONB,
    steps_completed INTEGER DEFAULT 0,
    steps_total INTEGER DEFAULT 0,
    hour_of_day INTEGER,
    day_of_week INTEGER,
    nl_input_clarity_score DOUBLE PRECISION,
    cost_efficiency_score DOUBLE PRECISION,
    performance_score DOUBLE PRECISION,
    quality_score DOUBLE PRECISION,
    anomaly_flags JSONB,
    optimization_recommendations JSONB,
    idle_time_seconds BIGINT,
    bottleneck_phase VARCHAR(100),
    error_category VARCHAR(100),
    retry_reasons JSONB,
    error_phase_distribution JSONB,
    recovery_time_seconds BIGINT,
    complexity_estimated VARCHAR(20),
    complexity_actual VARCHAR(20),
    phase_durations JSONB,
    scoring_version VARCHAR(20) DEFAULT '1.0'
);

CREATE INDEX idx_workflow_history_status ON workflow_history (status);
CREATE INDEX idx_workflow_history_created_at ON workflow_history (created_at DESC);
CREATE INDEX idx_workflow_history_model_used ON workflow_history (model_used);
CREATE INDEX idx_workflow_history_issue_number ON workflow_history (issue_number);
CREATE INDEX idx_workflow_history_status_created_at ON workflow_history (status, created_at DESC);
CREATE INDEX idx_workflow_history_workflow_template ON workflow_history (workflow_template);
CREATE INDEX idx_workflow_history_model_used_status ON workflow_history (model_used, status);
CREATE INDEX idx_workflow_history_complexity_actual ON workflow_history (complexity_actual);
CREATE INDEX idx_workflow_history_error_category ON workflow_history (error_category) WHERE error_category IS NOT NULL;

-- What each model cost.
CREATE VIEW workflow_costs AS
SELECT model_used, count(*) AS workflows, CAST(sum(total_tokens) AS BIGINT) AS tokens, max(actual_cost_total) AS highest_cost, max(duration_seconds) AS longest_seconds
FROM workflow_history
WHERE status = 'completed'
GROUP BY model_used;

-- What the workflows have in common.
CREATE TABLE operation_patterns (
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

CREATE INDEX idx_operation_patterns_pattern_type ON operation_patterns (pattern_type);
CREATE INDEX idx_operation_patterns_automation_status ON operation_patterns (automation_status);
CREATE INDEX idx_operation_patterns_confidence_score ON operation_patterns (confidence_score DESC);
CREATE INDEX idx_operation_patterns_last_seen ON operation_patterns (last_seen DESC);

-- Which workflow showed which pattern.
CREATE TABLE pattern_occurrences (
    id BIGSERIAL PRIMARY KEY,
    pattern_id BIGINT NOT NULL REFERENCES operation_patterns (id) ON DELETE CASCADE,
    workflow_id VARCHAR(64) NOT NULL REFERENCES workflow_history (adw_id),
    similarity_score DOUBLE PRECISION DEFAULT 0.0,
    matched_characteristics JSONB,
    detected_at TIMESTAMP DEFAULT now(),
    UNIQUE (pattern_id, workflow_id)
);

CREATE INDEX idx_pattern_occurrences_pattern_id ON pattern_occurrences (pattern_id);
CREATE INDEX idx_pattern_occurrences_workflow_id ON pattern_occurrences (workflow_id);
CREATE INDEX idx_pattern_occurrences_detected_at ON pattern_occurrences (detected_at DESC);

-- One row per call of a tool.
CREATE TABLE tool_calls (
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

CREATE INDEX idx_tool_calls_workflow_id ON tool_calls (workflow_id);
CREATE INDEX idx_tool_calls_tool_name ON tool_calls (tool_name);
CREATE INDEX idx_tool_calls_called_at ON tool_calls (called_at DESC);
CREATE INDEX idx_tool_calls_failed ON tool_calls (called_at) WHERE NOT success;

-- What the hooks reported; workflow_id may name a workflow that is gone.
CREATE TABLE hook_events (
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

CREATE INDEX idx_hook_events_event_type ON hook_events (event_type);
CREATE INDEX idx_hook_events_workflow_id ON hook_events (workflow_id);
CREATE INDEX idx_hook_events_timestamp ON hook_events (timestamp DESC);
CREATE INDEX idx_hook_events_unprocessed ON hook_events (timestamp) WHERE NOT processed;

-- The tools that can be called.
CREATE TABLE adw_tools (
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

CREATE INDEX idx_adw_tools_status ON adw_tools (status);

-- What each optimisation saved.
CREATE TABLE cost_savings_log (
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

CREATE INDEX idx_cost_savings_log_optimization_type ON cost_savings_log (optimization_type);
CREATE INDEX idx_cost_savings_log_workflow_id ON cost_savings_log (workflow_id);
CREATE INDEX idx_cost_savings_log_saved_at ON cost_savings_log (saved_at DESC);

-- Guesses, and whether they came true.
CREATE TABLE pattern_predictions (
    id BIGSERIAL PRIMARY KEY,
    request_id VARCHAR(64) NOT NULL,
    pattern_id BIGINT NOT NULL REFERENCES operation_patterns (id),
    confidence_score DOUBLE PRECISION NOT NULL,
    reasoning TEXT,
    predicted_at TIMESTAMP DEFAULT now(),
    was_correct BOOLEAN,
    validated_at TIMESTAMP
);

CREATE INDEX idx_pattern_predictions_pattern_id ON pattern_predictions (pattern_id);
CREATE INDEX idx_pattern_predictions_request_id ON pattern_predictions (request_id);

-- Who let a pattern become a tool.
CREATE TABLE pattern_approvals (
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

CREATE INDEX idx_pattern_approvals_status_created_at ON pattern_approvals (status, created_at DESC);

-- How sure we were, over time.
CREATE TABLE confidence_history (
    id BIGSERIAL PRIMARY KEY,
    pattern_id BIGINT NOT NULL REFERENCES operation_patterns (id),
    old_confidence DOUBLE PRECISION,
    new_confidence DOUBLE PRECISION,
    adjustment_reason TEXT,
    roi_data JSONB,
    updated_by VARCHAR(100) DEFAULT 'system',
    updated_at TIMESTAMP DEFAULT now()
);

CREATE INDEX idx_confidence_history_pattern_id_updated_at ON confidence_history (pattern_id, updated_at DESC);

-- What an automation cost and brought.
CREATE TABLE roi_tracking (
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

CREATE INDEX idx_roi_tracking_pattern_id ON roi_tracking (pattern_id);
