-- work.place
-- Grain: one row per provider, commissioner and site that occur together, and level: the organisation they count in.
-- England, region, ICB and sub-ICB follow the commissioner, as in the national statistics; a provider that has been
-- merged counts in its successor. What cannot be placed counts as 'unknown', so that every level adds up.
CREATE TABLE work.place AS
WITH known AS (
    SELECT
        k.provider, k.commissioner, k.site, coalesce(p.current_provider, k.provider) AS current_provider,
        coalesce(c.sub_icb, 'unknown') AS sub_icb, coalesce(c.icb, 'unknown') AS icb,
        coalesce(c.region, 'unknown') AS region
    FROM (SELECT DISTINCT provider, commissioner, site FROM work.count_key) AS k
    LEFT JOIN ref.provider_place AS p ON p.provider = k.provider
    LEFT JOIN ref.commissioner_place AS c ON c.commissioner = k.commissioner
)
SELECT provider, commissioner, site, 'England' AS level, 'ENG' AS organisation FROM known
UNION ALL
SELECT provider, commissioner, site, 'region', region FROM known
UNION ALL
SELECT provider, commissioner, site, 'ICB', icb FROM known
UNION ALL
SELECT provider, commissioner, site, 'sub-ICB', sub_icb FROM known
UNION ALL
SELECT provider, commissioner, site, 'provider', current_provider FROM known
UNION ALL
SELECT provider, commissioner, site, 'provider in sub-ICB', current_provider || '|' || sub_icb FROM known
UNION ALL
SELECT provider, commissioner, site, 'site', site FROM known
