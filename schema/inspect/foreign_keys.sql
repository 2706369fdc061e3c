-- Foreign keys of the tables of one schema. $1: schema.
SELECT k.conrelid, k.conname, pg_get_constraintdef(k.oid), k.convalidated,
       (SELECT array_agg(a.attname::text ORDER BY x.i) FROM unnest(k.conkey) WITH ORDINALITY x(num, i)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.num),
       pn.nspname, p.relname,
       (SELECT array_agg(a.attname::text ORDER BY x.i) FROM unnest(k.confkey) WITH ORDINALITY x(num, i)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.num),
       has_table_privilege(k.confrelid, 'REFERENCES')
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE n.nspname = $1 AND k.contype = 'f' AND k.conparentid = 0
ORDER BY k.conrelid, k.conname
