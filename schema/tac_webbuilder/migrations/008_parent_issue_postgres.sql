-- 008: a phase belongs to an issue, not to a feature.

-- RENAME COLUMN knows no IF EXISTS.
DO $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = 'phase_queue' AND column_name = 'feature_id'
    ) THEN
        ALTER TABLE phase_queue RENAME COLUMN feature_id TO parent_issue;
    END IF;
END;
$$;

CREATE INDEX IF NOT EXISTS idx_phase_queue_parent_issue ON phase_queue (parent_issue);
