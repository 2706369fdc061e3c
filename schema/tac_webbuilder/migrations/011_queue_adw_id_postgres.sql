-- 011: which workflow works on a phase, and when it last changed.

ALTER TABLE phase_queue ADD COLUMN IF NOT EXISTS adw_id VARCHAR(64);

UPDATE phase_queue
SET adw_id = adw_locks.adw_id
FROM adw_locks
WHERE adw_locks.issue_number = phase_queue.issue_number AND phase_queue.adw_id IS NULL;

CREATE INDEX IF NOT EXISTS idx_phase_queue_parent_issue_status ON phase_queue (parent_issue, status);

CREATE OR REPLACE FUNCTION touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END;
$$;

DROP TRIGGER IF EXISTS phase_queue_updated_at ON phase_queue;
CREATE TRIGGER phase_queue_updated_at BEFORE UPDATE ON phase_queue
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
