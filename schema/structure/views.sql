-- Views of one schema; the search_path is that schema. Left out: what an extension made, and views of cutover's own
-- records. $1: schema.
SELECT c.relname::text, pg_get_viewdef(c.oid), c.relkind = 'm' AS is_stored
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('v', 'm')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                    JOIN pg_class o ON d.refclassid = 'pg_class'::regclass AND o.oid = d.refobjid
                    JOIN pg_namespace m ON m.oid = o.relnamespace
                  WHERE r.ev_class = c.oid AND m.nspname = 'cutover')
ORDER BY c.relname
