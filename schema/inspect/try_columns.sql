-- Columns of one table: name, type, what that is made of where it is a domain, the expression that fills it by itself, whether
-- it is generated, whether it takes its numbers from a sequence, NOT NULL, and whether it must stay that. $1: the table,
-- qualified and quoted.
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod),
       (WITH RECURSIVE made_of AS (
            SELECT t.typtype, t.typbasetype, 0 AS depth FROM pg_type t WHERE t.oid = a.atttypid
            UNION ALL
            SELECT b.typtype, b.typbasetype, m.depth + 1 FROM made_of m JOIN pg_type b ON b.oid = m.typbasetype)
        SELECT format_type(m.typbasetype, NULL) FROM made_of m WHERE m.typtype = 'd' ORDER BY m.depth DESC LIMIT 1),
       coalesce(pg_get_expr(d.adbin, d.adrelid),
                (SELECT pg_get_expr(t.typdefaultbin, 0) FROM pg_type t WHERE t.oid = a.atttypid AND t.typtype = 'd')),
       a.attgenerated <> '',
       a.attidentity <> '' OR EXISTS (SELECT 1 FROM pg_depend p JOIN pg_class q
                                        ON p.refclassid = 'pg_class'::regclass AND q.oid = p.refobjid AND q.relkind = 'S'
                                      WHERE p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid),
       a.attnotnull,
       a.attidentity <> '' OR EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary
                                        AND a.attnum = ANY (i.indkey::int2[]))
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
