-- Columns of one table: name, type, whether that is a domain, the expression that fills it by itself, whether it is generated.
-- $1: the table, qualified and quoted.
SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), t.typtype = 'd', pg_get_expr(d.adbin, d.adrelid), a.attgenerated <> ''
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
