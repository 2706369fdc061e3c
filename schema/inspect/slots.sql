-- Replication slots, and the write-ahead log that is kept for them.
SELECT slot_name::text, active, greatest(coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0), 0)::int8
FROM pg_replication_slots ORDER BY slot_name
