-- Which of these names are neither a relation nor a constraint nor a trigger of the schema. $1: schema, $2: names.
SELECT w.name
FROM unnest($2::text[]) w(name)
WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
                  WHERE n.nspname = $1 AND k.conname = w.name)
  AND NOT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = $1 AND c.relname = w.name)
  AND NOT EXISTS (SELECT 1 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = $1 AND t.tgname = w.name)
