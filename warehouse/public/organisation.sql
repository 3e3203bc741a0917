-- public.organisation
-- Grain: one row per level and organisation of the public tables.
CREATE TABLE public.organisation AS
WITH listed AS (
    SELECT DISTINCT level, organisation
    FROM public.service_measure
),
known AS (
    SELECT kind, organisation, max(name) AS name
    FROM ref.organisation
    GROUP BY kind, organisation
)
SELECT
    l.level, l.organisation,
    CASE WHEN l.level = 'England' THEN 'England' ELSE coalesce(k.name, l.organisation) END AS name
FROM listed AS l
LEFT JOIN known AS k ON k.kind = l.level AND k.organisation = l.organisation

-- Columns of public.organisation: One row per level and organisation of the public tables: its name.
--   level, key: Level of the public tables.
--   organisation, key: Code in the public tables.
--   name: Name; the code where no name is known.
