-- 014: the road map.

-- The road map; an item may belong to another.
CREATE TABLE IF NOT EXISTS planned_features (
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
    updated_at TIMESTAMP DEFAULT now()
);

CREATE INDEX IF NOT EXISTS idx_planned_features_status_priority ON planned_features (status, priority);
