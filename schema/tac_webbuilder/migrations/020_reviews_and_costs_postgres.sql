-- 020: a review may belong to a feature; what each model cost.

ALTER TABLE context_reviews ADD COLUMN IF NOT EXISTS feature_id BIGINT REFERENCES planned_features (id) ON DELETE SET NULL;

-- What phases print is kept in files.
ALTER TABLE task_logs DROP COLUMN IF EXISTS raw_output;

CREATE OR REPLACE VIEW workflow_costs AS
SELECT model_used, count(*) AS workflows, CAST(sum(total_tokens) AS BIGINT) AS tokens, max(actual_cost_total) AS highest_cost, max(duration_seconds) AS longest_seconds
FROM workflow_history
WHERE status = 'completed'
GROUP BY model_used;
