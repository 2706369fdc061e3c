-- Columns of the tables of one schema. $1: schema. A domain counts as what it is made of: the innermost type and modifier,
-- NOT NULL and DEFAULT of every domain on the way.
WITH RECURSIVE link AS (
    SELECT t.oid AS named, t.oid, t.typtype, t.typbasetype, NULL::int AS modifier, false AS not_null, false AS has_default
    FROM pg_type t
    UNION ALL
    SELECT l.named, b.oid, b.typtype, b.typbasetype, t.typtypmod, l.not_null OR t.typnotnull,
           l.has_default OR t.typdefault IS NOT NULL
    FROM link l JOIN pg_type t ON t.oid = l.oid JOIN pg_type b ON b.oid = t.typbasetype
    WHERE l.typtype = 'd'
)
SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), t.typname, coalesce(l.modifier, a.atttypmod),
       a.attnotnull OR l.not_null,
       a.atthasdef OR a.attidentity <> '' OR l.has_default AS has_default,
       a.attgenerated <> '' AS generated,
       CASE WHEN t.typtype = 'e' THEN 'enum'
            WHEN t.typtype = 'b' AND (tn.nspname = 'pg_catalog' OR t.typname = 'citext') THEN 'plain'
            ELSE 'other' END AS kind,
       a.attidentity <> '' OR pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname) IS NOT NULL
         OR EXISTS (SELECT 1 FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
                      JOIN pg_class q ON d.refclassid = 'pg_class'::regclass AND q.oid = d.refobjid AND q.relkind = 'S'
                    WHERE f.adrelid = c.oid AND f.adnum = a.attnum) AS has_sequence,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels,
       t.oid <> a.atttypid AS is_domain,
       CASE WHEN NOT a.attnotnull AND l.not_null THEN format_type(a.atttypid, NULL) END AS domain_not_null,
       a.attidentity <> '' OR EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
                                        AND a.attnum = ANY (i.indkey::int2[])) AS stays_not_null
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN link l ON l.named = a.atttypid AND l.typtype <> 'd'
JOIN pg_type t ON t.oid = l.oid
JOIN pg_namespace tn ON tn.oid = t.typnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
