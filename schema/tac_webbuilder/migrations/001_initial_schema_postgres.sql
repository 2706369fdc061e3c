-- 001: workflows, and which of them holds which issue.
-- Written when the SQLite side had 002 already: eight of its columns are part of the table here.

-- Which workflow holds which issue.
CREATE TABLE IF NOT EXISTS adw_locks (
    issue_number BIGINT NOT NULL PRIMARY KEY,
    adw_id VARCHAR(64) NOT NULL,
    status VARCHAR(20) NOT NULL CHECK (status IN ('planning', 'building', 'testing', 'reviewing', 'documenting')),
    github_url VARCHAR(500),
    created_at TIMESTAMP DEFAULT now(),
    updated_at TIMESTAMP DEFAULT now()
);

-- One row per workflow; grows for years.
CREATE TABLE IF NOT EXISTS workflow_history (
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
    complexity_actual VARCHAR(20)
);

CREATE INDEX IF NOT EXISTS idx_workflow_history_status ON workflow_history (status);
CREATE INDEX IF NOT EXISTS idx_workflow_history_created_at ON workflow_history (created_at DESC);
CREATE INDEX IF NOT EXISTS idx_workflow_history_model ON workflow_history (model_used);
CREATE INDEX IF NOT EXISTS idx_workflow_history_issue_number ON workflow_history (issue_number);
