-- 002: where the time goes, and what goes wrong.
-- 001 has all of them but the last.

ALTER TABLE workflow_history
    ADD COLUMN IF NOT EXISTS idle_time_seconds BIGINT,
    ADD COLUMN IF NOT EXISTS bottleneck_phase VARCHAR(100),
    ADD COLUMN IF NOT EXISTS error_category VARCHAR(100),
    ADD COLUMN IF NOT EXISTS retry_reasons JSONB,
    ADD COLUMN IF NOT EXISTS error_phase_distribution JSONB,
    ADD COLUMN IF NOT EXISTS recovery_time_seconds BIGINT,
    ADD COLUMN IF NOT EXISTS complexity_estimated VARCHAR(20),
    ADD COLUMN IF NOT EXISTS complexity_actual VARCHAR(20),
    ADD COLUMN IF NOT EXISTS phase_durations JSONB;
