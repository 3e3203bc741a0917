-- work.reported
-- Grain: one row per level, organisation and period: in how many of its months a provider behind it has submitted,
-- and whether in the last one, at whose end stocks are counted.
CREATE TABLE work.reported AS
WITH behind AS (
    SELECT 'England' AS level, 'ENG' AS organisation, provider FROM ref.provider_place
    UNION
    SELECT 'provider', current_provider, provider FROM ref.provider_place
    UNION
    SELECT level, organisation, provider FROM work.place
),
submitted AS (
    SELECT DISTINCT b.level, b.organisation, s.month
    FROM behind AS b
    INNER JOIN core.submission AS s ON s.provider = b.provider
),
counted AS (
    SELECT s.level, s.organisation, t.period, count(*) AS months_submitted, bool_or(t.is_last) AS has_last_month
    FROM submitted AS s
    INNER JOIN work.period_month AS t ON t.month = s.month
    GROUP BY s.level, s.organisation, t.period
),
organisation AS (
    SELECT DISTINCT level, organisation FROM work.organisation_pathway
),
period AS (
    SELECT DISTINCT period, period_type, period_start FROM work.period_month
)
SELECT
    o.level, o.organisation, p.period, p.period_type, p.period_start,
    coalesce(c.months_submitted, 0) AS months_submitted, coalesce(c.has_last_month, false) AS has_last_month
FROM organisation AS o
CROSS JOIN period AS p
LEFT JOIN counted AS c
    ON c.level = o.level AND c.organisation = o.organisation AND c.period = p.period
