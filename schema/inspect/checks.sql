-- CHECK constraints. $1: schema.
SELECT k.conrelid, k.conname::text
FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
WHERE n.nspname = $1 AND k.contype = 'c' AND k.conrelid <> 0
ORDER BY k.conrelid, k.conname
