-- 009: settings of the queue.

-- Settings of the queue.
CREATE TABLE IF NOT EXISTS queue_config (
    config_key TEXT NOT NULL PRIMARY KEY,
    config_value TEXT NOT NULL,
    updated_at TEXT DEFAULT (datetime('now'))
);

INSERT OR IGNORE INTO queue_config (config_key, config_value) VALUES ('queue_paused', 'false');
INSERT OR IGNORE INTO queue_config (config_key, config_value) VALUES ('max_concurrent', '3');
INSERT OR IGNORE INTO queue_config (config_key, config_value) VALUES ('default_priority', '50');
