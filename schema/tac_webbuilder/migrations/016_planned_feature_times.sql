-- 016: when work on a feature began and ended.

ALTER TABLE planned_features ADD COLUMN started_at DATETIME;
ALTER TABLE planned_features ADD COLUMN completed_at DATETIME;

UPDATE planned_features SET completed_at = updated_at WHERE status = 'completed' AND completed_at IS NULL;
