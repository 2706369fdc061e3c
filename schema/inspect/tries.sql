-- What a row must meet to get into an existing table, beside its columns' types and NOT NULL. $1: the table, qualified and quoted.
-- kind, name, expression, columns that it is over (NULL: any), keys, others.
SELECT 'check' AS kind, k.conname::text AS name, pg_get_expr(k.conbin, k.conrelid) AS expression,
       (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS columns,
       NULL::text[] AS keys, NULL::text[] AS others
FROM pg_constraint k
WHERE k.conrelid = to_regclass($1) AND k.contype = 'c' AND pg_get_constraintdef(k.oid) NOT LIKE '% NOT ENFORCED'
UNION ALL
(WITH RECURSIVE made_of AS (
    SELECT a.attname, a.atttypid AS type FROM pg_attribute a
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT m.attname, t.typbasetype FROM made_of m JOIN pg_type t ON t.oid = m.type WHERE t.typtype = 'd')
 SELECT 'domain', k.conname::text, pg_get_expr(k.conbin, 0), ARRAY[m.attname::text], NULL, ARRAY[format_type(k.contypid, NULL)]
 FROM made_of m JOIN pg_constraint k ON k.contypid = m.type WHERE k.contype = 'c')
UNION ALL
SELECT 'partition', min(p.relid::regclass::text) FILTER (WHERE p.level = 0),
       coalesce(string_agg('(' || pg_get_partition_constraintdef(p.relid) || ')', ' OR ') FILTER (WHERE p.isleaf), 'false'),
       NULL, NULL,
       array_agg(p.relid::regclass::text ORDER BY p.level) FILTER (WHERE k.partdefid = 0 AND k.partstrat <> 'h')
FROM pg_partition_tree(to_regclass($1)) p LEFT JOIN pg_partitioned_table k ON k.partrelid = p.relid
WHERE EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind = 'p')
HAVING bool_or(k.partdefid = 0)
UNION ALL
SELECT 'unique', x.relname::text, coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'), NULL,
       (SELECT array_agg(pg_get_indexdef(i.indexrelid, n, true) ORDER BY n) FROM generate_series(1, i.indnkeyatts) n),
       CASE WHEN EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid)
            THEN ARRAY['constraint'] END
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid
UNION ALL
SELECT 'parent', k.conname::text, k.confrelid::regclass::text,
       (SELECT array_agg(a.attname::text ORDER BY x.i) FROM unnest(k.conkey) WITH ORDINALITY x(num, i)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.num),
       (SELECT array_agg(a.attname::text ORDER BY x.i) FROM unnest(k.confkey) WITH ORDINALITY x(num, i)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.num),
       (SELECT ARRAY[n.nspname::text, p.relname::text] FROM pg_class p JOIN pg_namespace n ON n.oid = p.relnamespace
        WHERE p.oid = k.confrelid)
FROM pg_constraint k
WHERE k.conrelid = to_regclass($1) AND k.contype = 'f' AND k.convalidated AND k.conparentid = 0
ORDER BY kind, name
