-- 013: guesses, and whether they came true.

-- Guesses, and whether they came true.
CREATE TABLE IF NOT EXISTS pattern_predictions (
    id BIGSERIAL PRIMARY KEY,
    request_id VARCHAR(64) NOT NULL,
    pattern_id BIGINT NOT NULL REFERENCES operation_patterns (id),
    confidence_score DOUBLE PRECISION NOT NULL,
    reasoning TEXT,
    predicted_at TIMESTAMP DEFAULT now(),
    was_correct BOOLEAN,
    validated_at TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_pattern_predictions_pattern_id ON pattern_predictions (pattern_id);
CREATE INDEX IF NOT EXISTS idx_pattern_predictions_request_id ON pattern_predictions (request_id);
