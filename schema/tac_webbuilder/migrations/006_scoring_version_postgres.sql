-- 006: by which rules a workflow was scored.

ALTER TABLE workflow_history ADD COLUMN IF NOT EXISTS scoring_version VARCHAR(20) DEFAULT '1.0';

-- Scores up to then were by the first rules.
UPDATE workflow_history SET scoring_version = '0.9' WHERE created_at < '2025-03-01' AND cost_efficiency_score IS NOT NULL;
