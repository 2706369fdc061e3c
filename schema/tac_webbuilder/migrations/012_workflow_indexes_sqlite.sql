-- 012: how workflows are looked for.

DROP INDEX IF EXISTS idx_workflow_history_model;

CREATE INDEX IF NOT EXISTS idx_workflow_history_model_used ON workflow_history (model_used);
CREATE INDEX IF NOT EXISTS idx_workflow_history_status_created_at ON workflow_history (status, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_workflow_history_workflow_template ON workflow_history (workflow_template);
CREATE INDEX IF NOT EXISTS idx_workflow_history_model_used_status ON workflow_history (model_used, status);
CREATE INDEX IF NOT EXISTS idx_workflow_history_complexity_actual ON workflow_history (complexity_actual);
CREATE INDEX IF NOT EXISTS idx_workflow_history_error_category ON workflow_history (error_category) WHERE error_category IS NOT NULL;
