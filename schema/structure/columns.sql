-- Columns of the tables of one schema as the server writes them; the search_path is that schema. $1: schema.
-- A column takes numbers where it is an identity or its default asks a sequence.
SELECT a.attrelid, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(f.adbin, f.adrelid), a.attgenerated <> '' AS generated,
       a.attidentity <> '' OR EXISTS (SELECT FROM pg_depend d JOIN pg_class q ON q.oid = d.refobjid AND q.relkind = 'S'
                                      WHERE d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
                                        AND d.refclassid = 'pg_class'::regclass) AS takes_numbers,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
