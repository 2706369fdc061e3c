-- Triggers of the tables of one schema that no constraint made, and their rules. $1: schema.
SELECT c.relname::text, t.tgname::text, false AS is_rule
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND NOT t.tgisinternal
UNION ALL
SELECT c.relname::text, r.rulename::text, true
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
ORDER BY 1, 3, 2
