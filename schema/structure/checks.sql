-- CHECK and EXCLUDE constraints of the tables of one schema; the search_path is that schema. $1: schema.
SELECT k.conrelid, k.conname::text, pg_get_constraintdef(k.oid), k.convalidated
FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
WHERE n.nspname = $1 AND k.contype IN ('c', 'x') AND k.conrelid <> 0
ORDER BY k.conrelid, k.conname
