-- Publications that have all tables, or one of these. $1: schema, $2: tables.
SELECT p.pubname::text FROM pg_publication p
WHERE p.puballtables
   OR EXISTS (SELECT 1 FROM pg_publication_tables t WHERE t.pubname = p.pubname AND t.schemaname = $1 AND t.tablename = ANY ($2))
ORDER BY 1
