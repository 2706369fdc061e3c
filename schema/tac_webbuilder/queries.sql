-- The application's own queries, for
--
--   cutover verify --from database.db --from workflow_history.db --to postgres://… --queries schema/tac_webbuilder/queries.sql
--
-- SQLite's words stand as the application sends them. Where PostgreSQL's differ they are told before them: functions of
-- dates, flags that are boolean there, and the order of texts, which SQLite compares by their bytes (COLLATE "C").

-- name: dashboard: latest workflows
-- params: [20, 0]
-- params: [20, 40]
SELECT id, adw_id, issue_number, status, workflow_template, model_used, created_at, duration_seconds, actual_cost_total
FROM workflow_history ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?;

-- name: dashboard: workflows of one status
-- params: {"status": "completed", "limit": 50}
-- params: {"status": "failed", "limit": 50}
SELECT id, adw_id, error_category, worktree_reused, cost_breakdown, created_at
FROM workflow_history WHERE status = :status ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: dashboard: one workflow
-- params: [1]
-- params: [17]
SELECT * FROM workflow_history WHERE id = ?;

-- name: workflows by status
SELECT status, count(*) AS workflows FROM workflow_history GROUP BY status;

-- name: workflows by model
SELECT model_used, count(*) AS workflows, sum(total_tokens) AS tokens, avg(duration_seconds) AS seconds
FROM workflow_history WHERE status = 'completed' GROUP BY model_used;

-- name: costs by month
-- postgres: SELECT to_char(created_at::timestamp, 'YYYY-MM') AS month, count(*) AS workflows,
--     sum(actual_cost_total) AS cost, sum(estimated_cost_total) AS estimated
--   FROM workflow_history GROUP BY 1 ORDER BY 1
SELECT strftime('%Y-%m', created_at) AS month, count(*) AS workflows, sum(actual_cost_total) AS cost,
       sum(estimated_cost_total) AS estimated
FROM workflow_history GROUP BY 1 ORDER BY 1;

-- name: costs of completed workflows
SELECT model_used, workflows, tokens, highest_cost, longest_seconds FROM workflow_costs;

-- name: what optimisations saved
SELECT optimization_type, count(*) AS times, sum(tokens_saved) AS tokens, sum(cost_saved_usd) AS saved
FROM cost_savings_log GROUP BY optimization_type;

-- name: patterns with their occurrences
-- params: [25]
SELECT p.id, p.pattern_signature, p.automation_status, p.confidence_score, count(o.id) AS occurrences,
       avg(o.similarity_score) AS similarity, max(o.detected_at) AS last_detected
FROM operation_patterns p LEFT JOIN pattern_occurrences o ON o.pattern_id = p.id
GROUP BY p.id ORDER BY count(o.id) DESC, p.id LIMIT ?;

-- name: patterns that pay
-- params: [0.5]
SELECT id, pattern_signature, potential_monthly_savings FROM operation_patterns
WHERE confidence_score >= ? AND automation_status IN ('candidate', 'approved')
ORDER BY potential_monthly_savings DESC, id LIMIT 50;

-- name: workflows of a pattern
-- params: [1]
-- params: [2]
SELECT w.adw_id, w.status, o.similarity_score FROM pattern_occurrences o
JOIN workflow_history w ON w.adw_id = o.workflow_id WHERE o.pattern_id = ? ORDER BY w.id;

-- name: failed calls of tools
-- postgres: SELECT tool_name, count(*) AS failed, sum(duration_seconds) AS seconds
--   FROM tool_calls WHERE NOT success::int::boolean GROUP BY tool_name
SELECT tool_name, count(*) AS failed, sum(duration_seconds) AS seconds
FROM tool_calls WHERE success = 0 GROUP BY tool_name;

-- name: events that wait
-- postgres: SELECT event_id, event_type, "timestamp", payload FROM hook_events
--   WHERE processed::int = 0 ORDER BY "timestamp", id LIMIT 100
SELECT event_id, event_type, timestamp, payload FROM hook_events
WHERE processed = 0 ORDER BY timestamp, id LIMIT 100;

-- name: the queue in its order
-- postgres: SELECT queue_id, parent_issue, phase_number, status, priority, queue_position, phase_data
--   FROM phase_queue WHERE status IN ('ready', 'pending')
--   ORDER BY priority DESC, queue_position, queue_id COLLATE "C"
SELECT queue_id, parent_issue, phase_number, status, priority, queue_position, phase_data
FROM phase_queue WHERE status IN ('ready', 'pending') ORDER BY priority DESC, queue_position, queue_id;

-- name: the queue by status
SELECT status, count(*) AS phases, min(queue_position) AS first FROM phase_queue GROUP BY status;

-- name: features that are planned
SELECT id, title, priority, estimated_hours, tags, created_at FROM planned_features
WHERE status IN ('planned', 'in_progress') ORDER BY id;

-- name: features below others
SELECT c.id, c.title, p.title AS parent FROM planned_features c JOIN planned_features p ON p.id = c.parent_id
ORDER BY c.id;

-- name: hours by status
SELECT status, sum(estimated_hours) AS estimated, sum(actual_hours) AS actual, count(completed_at) AS completed
FROM planned_features GROUP BY status;

-- name: logs of a workflow
-- postgres: SELECT phase_number, phase_name, phase_status, duration_seconds, cost_usd FROM task_logs
--   WHERE adw_id = (SELECT min(adw_id COLLATE "C") FROM task_logs) ORDER BY phase_number, id
SELECT phase_number, phase_name, phase_status, duration_seconds, cost_usd FROM task_logs
WHERE adw_id = (SELECT min(adw_id) FROM task_logs) ORDER BY phase_number, id;
