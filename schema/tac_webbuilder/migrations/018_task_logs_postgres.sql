-- 018: what phases said, what people asked for, what a change would touch.

-- What each phase said.
CREATE TABLE IF NOT EXISTS task_logs (
    id BIGSERIAL PRIMARY KEY,
    adw_id VARCHAR(64) NOT NULL,
    issue_number BIGINT,
    workflow_template VARCHAR(100),
    phase_name VARCHAR(100) NOT NULL,
    phase_number INTEGER,
    phase_status VARCHAR(20) CHECK (phase_status IN ('started', 'completed', 'failed', 'skipped')),
    log_message TEXT,
    raw_output TEXT,
    error_message TEXT,
    started_at TIMESTAMP,
    completed_at TIMESTAMP,
    duration_seconds DOUBLE PRECISION,
    tokens_used BIGINT,
    cost_usd NUMERIC(14,6),
    captured_at TIMESTAMP DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_task_logs_adw_id_phase_number ON task_logs (adw_id, phase_number);

-- What people asked for, in their words.
CREATE TABLE IF NOT EXISTS user_prompts (
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
CREATE TABLE IF NOT EXISTS context_reviews (
    id BIGSERIAL PRIMARY KEY,
    workflow_id VARCHAR(64),
    issue_number BIGINT,
    change_description TEXT NOT NULL,
    project_path VARCHAR(500) NOT NULL,
    analysis_timestamp TIMESTAMP DEFAULT now(),
    analysis_duration_seconds DOUBLE PRECISION,
    agent_cost NUMERIC(14,6),
    status VARCHAR(20) DEFAULT 'pending' CHECK (status IN ('pending', 'analyzing', 'complete', 'failed')),
    result JSONB
);

CREATE INDEX IF NOT EXISTS idx_context_reviews_status ON context_reviews (status);
