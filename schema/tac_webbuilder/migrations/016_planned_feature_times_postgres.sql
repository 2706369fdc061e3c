-- 016: when work on a feature began and ended.

ALTER TABLE planned_features
    ADD COLUMN IF NOT EXISTS started_at TIMESTAMP,
    ADD COLUMN IF NOT EXISTS completed_at TIMESTAMP;

UPDATE planned_features SET completed_at = updated_at WHERE status = 'completed' AND completed_at IS NULL;
