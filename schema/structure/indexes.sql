-- Indexes of the tables of one schema, those of constraints included: what follows USING, which names no table. $1: schema.
SELECT i.indrelid, x.relname::text, i.indisunique, k.contype::text,
       substr(d.text, length(d.head) + 1), left(d.text, length(d.head)) = d.head AS is_read,
       (SELECT array_agg(a.attname::text ORDER BY p.i) FROM unnest(i.indkey::int2[]) WITH ORDINALITY p(num, i)
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.num WHERE p.i <= i.indnkeyatts) AS columns,
       coalesce(k.condeferrable, false) AS deferrable
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x')
CROSS JOIN LATERAL (
    SELECT pg_get_indexdef(i.indexrelid, 0, false) AS text,
           format('CREATE %sINDEX %I ON %s%I.%I USING ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, x.relname,
                  CASE WHEN c.relkind = 'p' THEN 'ONLY ' END, n.nspname, c.relname) AS head) d
WHERE n.nspname = $1 AND i.indisvalid
ORDER BY i.indrelid, x.relname
