-- public.organisation
-- Grain: one row per level and organisation: those of the public tables, and the places above them.
-- The providers that only NHS England's statistics name are here, too, with the places that those statistics give
-- them. Where a provider or a place is in both, our own reference files say its name and its places.
CREATE TABLE public.organisation AS
WITH listed AS (
    SELECT DISTINCT level, organisation
    FROM public.service_measure
),
ours AS (
    SELECT kind AS level, organisation, max(name) AS name, max(icb) AS icb, max(region) AS region
    FROM ref.organisation
    GROUP BY kind, organisation
),
counted AS (
    SELECT provider, max(provider_name) AS provider_name
    FROM published.service_count
    WHERE provider <> 'ENG'
    GROUP BY provider
),
named AS (
    SELECT
        'provider' AS level, c.provider AS organisation,
        coalesce(max(p.provider_name), max(c.provider_name), c.provider) AS name, max(p.icb_code) AS icb,
        max(p.region_code) AS region
    FROM counted AS c
    LEFT JOIN published.provider AS p ON p.provider = c.provider
    GROUP BY c.provider
    UNION ALL
    SELECT 'ICB', p.icb_code, max(p.icb_name), NULL, max(p.region_code)
    FROM published.provider AS p
    INNER JOIN counted AS c ON c.provider = p.provider
    WHERE p.icb_code IS NOT NULL
    GROUP BY p.icb_code
    UNION ALL
    SELECT 'region', p.region_code, max(p.region_name), NULL, NULL
    FROM published.provider AS p
    INNER JOIN counted AS c ON c.provider = p.provider
    WHERE p.region_code IS NOT NULL
    GROUP BY p.region_code
),
every AS (
    SELECT level, organisation FROM listed
    UNION
    SELECT level, organisation FROM named
)
SELECT
    e.level, e.organisation,
    CASE WHEN e.level = 'England' THEN 'England' ELSE coalesce(o.name, n.name, e.organisation) END AS name,
    coalesce(o.icb, n.icb) AS icb, coalesce(o.region, n.region) AS region, l.level IS NOT NULL AS is_submitted
FROM every AS e
LEFT JOIN listed AS l ON l.level = e.level AND l.organisation = e.organisation
LEFT JOIN ours AS o ON o.level = e.level AND o.organisation = e.organisation
LEFT JOIN named AS n ON n.level = e.level AND n.organisation = e.organisation

-- Columns of public.organisation: One row per level and organisation of the public tables: its name and its places.
--   level, key: Level of the public tables.
--   organisation, key: Code in the public tables.
--   name: Name; the code where no name is known.
--   icb: Code of the ICB it is in; NULL for an ICB, what is above it, and where none is known.
--   region: Code of the region it is in; NULL for a region, for England, and where none is known.
--   is_submitted: Whether there are figures of submissions (public.service_measure); false where only NHS England's
--       published statistics name it.
