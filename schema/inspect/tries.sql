-- What a row must meet to get into an existing table, beside its columns' types and NOT NULL. $1: the table, qualified and quoted.
-- kind, name, expression, columns that it is over (NULL: any), keys, others; the partition that has it for itself (schema, name)
-- and which rows get there; whether NULL is equal to NULL.
WITH RECURSIVE place AS (
    SELECT c.oid, NULL::text[] AS partition, NULL::text AS rows, false AS given
    FROM pg_class c WHERE c.oid = to_regclass($1)
    UNION ALL
    SELECT c.oid, ARRAY[n.nspname::text, c.relname::text], coalesce(pg_get_partition_constraintdef(c.oid), 'true'), true
    FROM pg_partition_tree(to_regclass($1)) p
    JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE p.level > 0
), made_of AS (
    SELECT a.attname, a.atttypid AS type FROM pg_attribute a
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT m.attname, t.typbasetype FROM made_of m JOIN pg_type t ON t.oid = m.type WHERE t.typtype = 'd'
), key AS (
    -- A part of a key in the collation of its index.
    SELECT i.indexrelid, n, pg_get_indexdef(i.indexrelid, n, true) AS part,
           (SELECT format(' COLLATE %I.%I', s.nspname, c.collname) FROM pg_collation c JOIN pg_namespace s ON s.oid = c.collnamespace
            WHERE c.oid = i.indcollation[n - 1]) AS collation
    FROM place JOIN pg_index i ON i.indrelid = place.oid, generate_series(1, i.indnkeyatts) n
), computed AS (
    -- Before PostgreSQL 15, the column itself depends on what it is computed from, since then its expression does.
    SELECT a.attname, a.attnum, a.attgenerated, a.attnotnull, format_type(a.atttypid, a.atttypmod) AS type_text,
           pg_get_expr(f.adbin, f.adrelid) AS expression,
           (SELECT array_agg(DISTINCT o.attname::text) FROM pg_depend d
            JOIN pg_attribute o ON o.attrelid = d.refobjid AND o.attnum = d.refobjsubid
            WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid > 0 AND d.refobjsubid <> a.attnum
              AND (d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
                   OR d.classid = 'pg_class'::regclass AND d.objid = a.attrelid AND d.objsubid = a.attnum)) AS columns
    FROM pg_attribute a JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''
), found AS (
    SELECT 'check' AS kind, k.conname::text AS name, pg_get_expr(k.conbin, k.conrelid) AS expression,
           (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)) AS columns,
           NULL::text[] AS keys, NULL::text[] AS others, place.partition, place.rows, false AS nulls_equal
    FROM place JOIN pg_constraint k ON k.conrelid = place.oid
    WHERE k.contype = 'c' AND NOT (place.given AND k.coninhcount > 0) AND pg_get_constraintdef(k.oid) NOT LIKE '% NOT ENFORCED'
    UNION ALL
    SELECT 'exclusion', k.conname::text, '', NULL, NULL, NULL, place.partition, place.rows, false
    FROM place JOIN pg_constraint k ON k.conrelid = place.oid
    WHERE k.contype = 'x' AND NOT (place.given AND k.coninhcount > 0)
    UNION ALL
    SELECT 'domain', k.conname::text, pg_get_expr(k.conbin, 0), ARRAY[m.attname::text], NULL, ARRAY[format_type(k.contypid, NULL)],
           NULL, NULL, false
    FROM made_of m JOIN pg_constraint k ON k.contypid = m.type WHERE k.contype = 'c'
    UNION ALL
    SELECT 'partition', min(p.relid::regclass::text) FILTER (WHERE p.level = 0),
           coalesce(string_agg('(' || pg_get_partition_constraintdef(p.relid) || ')', ' OR ') FILTER (WHERE p.isleaf), 'false'),
           NULL, NULL,
           array_agg(p.relid::regclass::text ORDER BY p.level) FILTER (WHERE k.partdefid = 0 AND k.partstrat <> 'h'),
           NULL, NULL, false
    FROM pg_partition_tree(to_regclass($1)) p LEFT JOIN pg_partitioned_table k ON k.partrelid = p.relid
    WHERE EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = to_regclass($1) AND c.relkind = 'p')
    HAVING bool_or(k.partdefid = 0)
    UNION ALL
    -- NOT NULL of one partition, and of a column that the target computes; a primary key beside it, without which it stays.
    SELECT 'not_null', a.attname::text, coalesce(c.expression, quote_ident(a.attname)),
           CASE WHEN place.given THEN ARRAY[a.attname::text] ELSE c.columns END, NULL,
           (SELECT array_agg(k.conname::text) FROM pg_constraint k
            WHERE k.conrelid = a.attrelid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)),
           place.partition, place.rows, false
    FROM place JOIN pg_attribute a ON a.attrelid = place.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
    JOIN pg_attribute r ON r.attrelid = to_regclass($1) AND r.attname = a.attname AND r.attnum > 0 AND NOT r.attisdropped
    LEFT JOIN computed c ON c.attname = a.attname
    WHERE CASE WHEN place.given THEN NOT r.attnotnull ELSE c.attname IS NOT NULL END
    UNION ALL
    SELECT 'generated', c.attname::text, c.expression, c.columns, NULL,
           array_remove(ARRAY[c.type_text,
               CASE WHEN c.attnotnull AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = to_regclass($1) AND i.indisprimary
                                                        AND c.attnum = ANY (i.indkey::int2[])) THEN 'not null' END], NULL),
           NULL, NULL, false
    FROM computed c WHERE c.attgenerated = 's'
    UNION ALL
    -- An index of a partitioned table counts once: those of its partitions that are attached to it say the same.
    SELECT CASE WHEN i.indisunique THEN 'unique' ELSE 'index' END, x.relname::text,
           coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
           (SELECT array_agg(a.attname::text) FROM pg_attribute a
            WHERE a.attrelid = i.indrelid
              AND (a.attnum = ANY (i.indkey::int2[])
                   OR a.attnum IN (SELECT d.refobjsubid FROM pg_depend d
                                   WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                     AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0))),
           (SELECT array_agg(format('(%s)%s', key.part, key.collation) ORDER BY n) FROM key WHERE key.indexrelid = i.indexrelid),
           array_remove(ARRAY[
               CASE WHEN EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid)
                    THEN 'constraint' END,
               CASE WHEN EXISTS (SELECT 1 FROM pg_collation c WHERE c.oid = ANY (i.indcollation::oid[]) AND NOT c.collisdeterministic)
                    THEN 'collation' END], NULL),
           place.partition, place.rows, coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
    FROM place JOIN pg_index i ON i.indrelid = place.oid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indisvalid AND (i.indisunique OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)
    UNION ALL
    -- Keys of a btree that may be too long, and of other indexes that have bounds of their own; of each part: length, alignment,
    -- storage, compression, and how its bytes are read.
    SELECT CASE m.amname WHEN 'btree' THEN 'length' ELSE 'items' END, x.relname::text,
           coalesce(pg_get_expr(i.indpred, i.indrelid), 'true'),
           (SELECT array_agg(a.attname::text) FROM pg_attribute a
            WHERE a.attrelid = i.indrelid
              AND (a.attnum = ANY (i.indkey::int2[])
                   OR a.attnum IN (SELECT d.refobjsubid FROM pg_depend d
                                   WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                     AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0))),
           (SELECT array_agg('(' || pg_get_indexdef(i.indexrelid, n, true) || ')' ORDER BY n) FROM generate_series(1, i.indnatts) n),
           (SELECT array_agg(format('%s %s %s %s %s', a.attlen, a.attalign, a.attstorage,
                       coalesce(nullif(to_jsonb(a) ->> 'attcompression', ''),
                                CASE current_setting('default_toast_compression', true) WHEN 'lz4' THEN 'l' ELSE 'p' END),
                       CASE WHEN t.typcategory = 'S' THEN 'text' WHEN t.oid = 'bytea'::regtype THEN 'bytea' ELSE 'other' END)
                       ORDER BY a.attnum)
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = i.indexrelid AND a.attnum > 0)
           || array_remove(ARRAY[
               CASE WHEN EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid)
                    THEN 'constraint' END,
               CASE WHEN i.indexprs IS NOT NULL THEN 'expression' END], NULL),
           place.partition, place.rows, false
    FROM place JOIN pg_index i ON i.indrelid = place.oid
    JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
    WHERE i.indisvalid AND m.amname <> 'hash'
      AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = i.indexrelid AND a.attnum > 0 AND a.attlen < 0)
      AND NOT EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)
    UNION ALL
    SELECT 'parent', k.conname::text, k.confrelid::regclass::text,
           (SELECT array_agg(a.attname::text ORDER BY x.i) FROM unnest(k.conkey) WITH ORDINALITY x(num, i)
              JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.num),
           (SELECT array_agg(a.attname::text ORDER BY x.i) FROM unnest(k.confkey) WITH ORDINALITY x(num, i)
              JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.num),
           (SELECT ARRAY[n.nspname::text, p.relname::text] FROM pg_class p JOIN pg_namespace n ON n.oid = p.relnamespace
            WHERE p.oid = k.confrelid),
           place.partition, place.rows, false
    FROM place JOIN pg_constraint k ON k.conrelid = place.oid
    WHERE k.contype = 'f' AND (k.convalidated OR place.given) AND k.conparentid = 0
)
SELECT kind, name, expression, columns, keys, others, partition, rows, nulls_equal FROM found ORDER BY kind, name, partition
