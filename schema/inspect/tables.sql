-- Relations of one schema that a table of the source may meet. $1: schema.
-- A row that is sent to a partitioned table fires the row triggers of its partition, too; a trigger's copy there is left out.
SELECT c.oid, c.relname, c.relkind::text,
       pg_has_role(c.relowner, 'USAGE') AS owned,
       row_security_active(c.oid) AS row_security,
       coalesce((SELECT array_agg(CASE WHEN t.tgrelid = c.oid THEN t.tgname::text ELSE t.tgname || ' on ' || t.tgrelid::regclass END
                                  ORDER BY t.tgrelid <> c.oid, t.tgname)
                 FROM pg_trigger t
                 WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 4 <> 0
                   AND (t.tgrelid = c.oid
                        OR c.relkind = 'p' AND t.tgtype & 1 <> 0 AND t.tgparentid = 0
                           AND t.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid)))),
                ARRAY[]::text[]) AS triggers,
       coalesce((SELECT array_agg(r.rulename::text ORDER BY r.rulename) FROM pg_rewrite r
                 WHERE r.ev_class = c.oid AND r.ev_type = '3' AND r.ev_enabled IN ('O', 'A')),
                ARRAY[]::text[]) AS rules,
       c.relispartition AS is_partition,
       c.relkind = 'p' AND EXISTS (SELECT 1 FROM pg_partition_tree(c.oid) p JOIN pg_partitioned_table k ON k.partrelid = p.relid
                                   WHERE k.partdefid = 0) AS may_lack_partition,
       pg_get_userbyid(c.relowner)::text AS owner,
       coalesce((SELECT array_agg(DISTINCT t.tgrelid::regclass::text) FROM pg_trigger t
                 WHERE c.relkind = 'p' AND t.tgrelid <> c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
                   AND t.tgtype & 5 = 5 AND t.tgparentid = 0 AND t.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid))),
                ARRAY[]::text[]) AS trigger_partitions,
       ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT']) p WHERE NOT has_table_privilege(c.oid, p)) AS lacking,
       c.relpersistence = 'u'
         OR c.relkind = 'p' AND EXISTS (SELECT 1 FROM pg_partition_tree(c.oid) p JOIN pg_class l ON l.oid = p.relid
                                        WHERE l.relpersistence = 'u') AS unlogged
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname
