-- Columns of one table: name, type, what that is made of where it is a domain, the expression that fills it by itself, whether
-- it is generated. $1: the table, qualified and quoted.
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod),
       (WITH RECURSIVE made_of AS (
            SELECT t.typtype, t.typbasetype, 0 AS depth FROM pg_type t WHERE t.oid = a.atttypid
            UNION ALL
            SELECT b.typtype, b.typbasetype, m.depth + 1 FROM made_of m JOIN pg_type b ON b.oid = m.typbasetype)
        SELECT format_type(m.typbasetype, NULL) FROM made_of m WHERE m.typtype = 'd' ORDER BY m.depth DESC LIMIT 1),
       pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> ''
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
