-- work.commissioned_place
-- Grain: one row per provider and commissioner that occur together in counts without a site, and level: the
-- organisation they count in, as in work.place.
CREATE TABLE work.commissioned_place AS
SELECT k.provider, k.commissioner, w.level, w.organisation
FROM (
    SELECT provider, commissioner FROM monthly_count.therapy_change
    UNION
    SELECT provider, commissioner FROM monthly_count.therapy_outcome
    UNION
    SELECT provider, commissioner FROM monthly_count.flow
) AS k
INNER JOIN ref.provider_place AS l ON l.provider = k.provider
LEFT JOIN ref.commissioner_place AS c ON c.commissioner = k.commissioner
CROSS JOIN LATERAL (VALUES
    ('England', 'ENG'), ('region', coalesce(c.region, 'unknown')), ('ICB', coalesce(c.icb, 'unknown')),
    ('sub-ICB', coalesce(c.sub_icb, 'unknown')), ('provider', l.current_provider)
) AS w(level, organisation)
