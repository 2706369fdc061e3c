-- Unique keys over plain columns, those of constraints included. $1: schema.
SELECT i.indrelid, x.relname::text,
       (SELECT array_agg(a.attname::text ORDER BY k.i) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(num, i)
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num WHERE k.i <= i.indnkeyatts)
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY i.indrelid, x.relname
