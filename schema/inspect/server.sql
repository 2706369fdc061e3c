-- What bears on a copy, as far as this role may see it: settings that others may not see are no rows. $1: names.
-- Of timeouts, which every session of ours sets itself, what they would be.
SELECT name, CASE WHEN name LIKE '%timeout' THEN reset_val || coalesce(' ' || unit, '') ELSE current_setting(name, true) END
FROM pg_settings WHERE name = ANY ($1) ORDER BY name
