-- 013: guesses, and whether they came true.

-- Guesses, and whether they came true.
CREATE TABLE IF NOT EXISTS pattern_predictions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL,
    pattern_id INTEGER NOT NULL REFERENCES operation_patterns (id),
    confidence_score REAL NOT NULL,
    reasoning TEXT,
    predicted_at TEXT DEFAULT CURRENT_TIMESTAMP,
    was_correct INTEGER,
    validated_at TEXT
);

CREATE INDEX IF NOT EXISTS idx_pattern_predictions_pattern_id ON pattern_predictions (pattern_id);
CREATE INDEX IF NOT EXISTS idx_pattern_predictions_request_id ON pattern_predictions (request_id);
