-- 009: settings of the queue.

-- Settings of the queue.
CREATE TABLE IF NOT EXISTS queue_config (
    config_key VARCHAR(100) NOT NULL PRIMARY KEY,
    config_value TEXT NOT NULL,
    updated_at TIMESTAMP DEFAULT now()
);

INSERT INTO queue_config (config_key, config_value) VALUES
    ('queue_paused', 'false'),
    ('max_concurrent', '3'),
    ('default_priority', '50')
ON CONFLICT (config_key) DO NOTHING;
