-- 011: which workflow works on a phase, and when it last changed.

ALTER TABLE phase_queue ADD COLUMN adw_id TEXT;

UPDATE phase_queue
SET adw_id = adw_locks.adw_id
FROM adw_locks
WHERE adw_locks.issue_number = phase_queue.issue_number AND phase_queue.adw_id IS NULL;

CREATE INDEX IF NOT EXISTS idx_phase_queue_parent_issue_status ON phase_queue (parent_issue, status);

CREATE TRIGGER IF NOT EXISTS phase_queue_updated_at
AFTER UPDATE ON phase_queue
FOR EACH ROW
BEGIN
    UPDATE phase_queue SET updated_at = datetime('now') WHERE queue_id = NEW.queue_id;
END;
