-- Expressions of CREATE STATISTICS (since PostgreSQL 14), which ANALYZE computes over the rows; columns as in tries.sql.
-- $1: the table, qualified and quoted.
WITH place AS (
    SELECT c.oid, NULL::text[] AS partition, NULL::text AS rows FROM pg_class c WHERE c.oid = to_regclass($1)
    UNION ALL
    SELECT c.oid, ARRAY[n.nspname::text, c.relname::text], coalesce(pg_get_partition_constraintdef(c.oid), 'true')
    FROM pg_partition_tree(to_regclass($1)) p
    JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE p.level > 0)
SELECT 'statistics', s.stxname::text, 'true',
       (SELECT array_agg(a.attname::text) FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_statistic_ext'::regclass AND d.objid = s.oid AND d.refclassid = 'pg_class'::regclass
          AND d.refobjid = s.stxrelid AND d.refobjsubid > 0),
       (SELECT array_agg('(' || e || ')') FROM unnest(pg_get_statisticsobjdef_expressions(s.oid)) e), ARRAY[n.nspname::text],
       place.partition, place.rows, false
FROM place JOIN pg_statistic_ext s ON s.stxrelid = place.oid JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE s.stxexprs IS NOT NULL
ORDER BY s.stxname, place.partition
