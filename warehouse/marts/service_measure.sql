-- mart.service_measure
-- Grain: one row per provider (ENG: England), month, pathway ('all': all it applies to) and measure.
-- Starts from a spine, so that no service is lost: every provider and every month from the first to the last
-- winning submission of anyone. Reported nobody: 0. No winning submission: NULL, 'not submitted'.
CREATE TABLE mart.service_measure AS
WITH provider_pathway AS (
    SELECT provider, 'all' AS pathway FROM core.provider
    UNION
    SELECT provider, pathway FROM core.pathway
    UNION
    SELECT 'ENG', 'all'
    UNION
    SELECT 'ENG', pathway FROM core.pathway
),
reported AS (
    SELECT provider, month FROM core.submission
    UNION
    SELECT 'ENG', month FROM core.submission
),
-- 'all' applies where any pathway of the provider does, or where it has no pathway yet.
applicable AS (
    SELECT p.provider, p.pathway, a.measure
    FROM provider_pathway AS p
    INNER JOIN work.measure_pathway AS a ON a.pathway = p.pathway
    UNION
    SELECT p.provider, 'all', a.measure
    FROM provider_pathway AS p
    INNER JOIN work.measure_pathway AS a ON a.pathway = p.pathway
    UNION
    SELECT q.provider, 'all', m.measure
    FROM provider_pathway AS q
    CROSS JOIN mart.measure AS m
    WHERE NOT EXISTS (SELECT 1 FROM provider_pathway AS z WHERE z.provider = q.provider AND z.pathway <> 'all')
),
spine AS (
    SELECT p.provider, t.month, p.pathway, m.measure, m.is_share,
        a.measure IS NOT NULL AS is_applicable, r.month IS NOT NULL AS is_reported
    FROM provider_pathway AS p
    CROSS JOIN ref.month AS t
    CROSS JOIN mart.measure AS m
    LEFT JOIN applicable AS a
        ON a.provider = p.provider AND a.pathway = p.pathway AND a.measure = m.measure
    LEFT JOIN reported AS r ON r.provider = p.provider AND r.month = t.month
)
SELECT
    'submitted' AS source, s.provider, 'month' AS period_type, s.month AS period_start, s.pathway, s.measure,
    CASE WHEN s.is_applicable AND s.is_reported THEN coalesce(c.numerator, 0) END AS numerator,
    CASE WHEN s.is_applicable AND s.is_reported AND s.is_share THEN coalesce(c.denominator, 0) END AS denominator,
    CASE
        WHEN NOT s.is_applicable THEN 'not applicable'
        WHEN NOT s.is_reported THEN 'not submitted'
        WHEN s.is_share AND coalesce(c.denominator, 0) = 0 THEN 'no denominator'
        ELSE 'value'
    END AS state
FROM spine AS s
LEFT JOIN work.measure_count AS c
    ON c.provider = s.provider AND c.period_start = s.month AND c.pathway = s.pathway
    AND c.measure = s.measure
