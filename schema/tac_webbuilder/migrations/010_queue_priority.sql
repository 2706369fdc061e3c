-- 010: the order in which phases are taken: at first that of their numbers.
-- A column that is NOT NULL without default cannot be added to a table: it is built anew.

PRAGMA foreign_keys = OFF;

BEGIN TRANSACTION;

CREATE TABLE phase_queue_new (
    queue_id TEXT NOT NULL PRIMARY KEY,
    parent_issue INTEGER NOT NULL,
    phase_number INTEGER NOT NULL,
    issue_number INTEGER,
    status TEXT DEFAULT 'pending' CHECK (status IN ('pending', 'ready', 'running', 'completed', 'failed')),
    depends_on_phase INTEGER,
    phase_data TEXT,
    created_at TEXT DEFAULT (datetime('now')),
    updated_at TEXT DEFAULT (datetime('now')),
    error_message TEXT,
    priority INTEGER DEFAULT 50,
    queue_position INTEGER NOT NULL,
    ready_timestamp TEXT
);

INSERT INTO phase_queue_new (
    queue_id, parent_issue, phase_number, issue_number, status, depends_on_phase,
    phase_data, created_at, updated_at, error_message,
    priority, queue_position, ready_timestamp
)
SELECT
    queue_id, parent_issue, phase_number, issue_number, status, depends_on_phase,
    phase_data, created_at, updated_at, error_message,
    50, phase_number, CASE WHEN status = 'ready' THEN updated_at END
FROM phase_queue;

DROP TABLE phase_queue;
ALTER TABLE phase_queue_new RENAME TO phase_queue;

CREATE INDEX IF NOT EXISTS idx_phase_queue_status ON phase_queue (status);
CREATE INDEX IF NOT EXISTS idx_phase_queue_parent_issue ON phase_queue (parent_issue);
CREATE INDEX IF NOT EXISTS idx_phase_queue_status_priority_queue_position ON phase_queue (status, priority DESC, queue_position);

COMMIT;

PRAGMA foreign_keys = ON;
