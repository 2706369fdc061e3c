-- CHECK constraints of tables, and those of the domains that their columns have. $1: schema.
WITH RECURSIVE made_of AS (
    SELECT a.attrelid, a.attname, a.atttypid AS type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT m.attrelid, m.attname, t.typbasetype FROM made_of m JOIN pg_type t ON t.oid = m.type WHERE t.typtype = 'd'
)
SELECT k.conrelid, k.conname::text
FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
WHERE n.nspname = $1 AND k.contype = 'c' AND k.conrelid <> 0
UNION ALL
SELECT m.attrelid, format('%s of the domain %s in column %s', k.conname, k.contypid::regtype, m.attname)
FROM made_of m JOIN pg_constraint k ON k.contypid = m.type
WHERE k.contype = 'c'
ORDER BY 1, 2
