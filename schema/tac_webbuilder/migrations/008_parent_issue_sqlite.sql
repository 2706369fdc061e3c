-- 008: a phase belongs to an issue, not to a feature.

ALTER TABLE phase_queue RENAME COLUMN feature_id TO parent_issue;

CREATE INDEX IF NOT EXISTS idx_phase_queue_parent_issue ON phase_queue (parent_issue);
