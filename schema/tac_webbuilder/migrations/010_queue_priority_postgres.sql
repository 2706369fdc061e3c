-- 010: the order in which phases are taken: at first that of their numbers.

ALTER TABLE phase_queue
    ADD COLUMN IF NOT EXISTS priority INTEGER DEFAULT 50,
    ADD COLUMN IF NOT EXISTS queue_position INTEGER,
    ADD COLUMN IF NOT EXISTS ready_timestamp TIMESTAMP;

UPDATE phase_queue
SET queue_position = phase_number,
    ready_timestamp = CASE WHEN status = 'ready' THEN updated_at END
WHERE queue_position IS NULL;

ALTER TABLE phase_queue ALTER COLUMN queue_position SET NOT NULL;

CREATE INDEX IF NOT EXISTS idx_phase_queue_status_priority_queue_position ON phase_queue (status, priority DESC, queue_position);
