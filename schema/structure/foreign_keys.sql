-- Foreign keys of the tables of one schema, last but one the parent's schema where that is another one; last the statements
-- that switch its triggers on, where they are off. $1: schema.
SELECT k.conrelid, k.conname::text, k.convalidated,
       (SELECT array_agg(a.attname::text ORDER BY x.i) FROM unnest(k.conkey) WITH ORDINALITY x(num, i)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.num),
       p.relname::text,
       (SELECT array_agg(a.attname::text ORDER BY x.i) FROM unnest(k.confkey) WITH ORDINALITY x(num, i)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.num),
       concat_ws(' ',
         CASE k.confmatchtype WHEN 'f' THEN 'MATCH FULL' END,
         CASE k.confupdtype WHEN 'r' THEN 'ON UPDATE RESTRICT' WHEN 'c' THEN 'ON UPDATE CASCADE'
                            WHEN 'n' THEN 'ON UPDATE SET NULL' WHEN 'd' THEN 'ON UPDATE SET DEFAULT' END,
         CASE k.confdeltype WHEN 'r' THEN 'ON DELETE RESTRICT' WHEN 'c' THEN 'ON DELETE CASCADE'
                            WHEN 'n' THEN 'ON DELETE SET NULL' WHEN 'd' THEN 'ON DELETE SET DEFAULT' END,
         CASE WHEN k.condeferrable THEN 'DEFERRABLE' END,
         CASE WHEN k.condeferred THEN 'INITIALLY DEFERRED' END),
       nullif(pn.nspname::text, $1),
       ARRAY(SELECT format('ALTER TABLE %I.%I ENABLE TRIGGER %I', tn.nspname, t.relname, g.tgname)
             FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
             WHERE g.tgenabled IN ('D', 'R')
               AND g.tgconstraint IN (SELECT o.oid FROM pg_constraint o WHERE k.oid IN (o.oid, o.conparentid))
             ORDER BY 1)
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE n.nspname = $1 AND k.contype = 'f' AND k.conparentid = 0
ORDER BY k.conrelid, k.conname
