-- work.flow_row
-- Grain: one row per level, organisation, period, pathway it has and step of care that goes with it ('all': always).
-- Every provider with a submission is there, also one that reported no patients.
CREATE TABLE work.flow_row AS
WITH behind AS (
    SELECT 'England' AS level, 'ENG' AS organisation, provider FROM ref.provider_place
    UNION
    SELECT 'provider', current_provider, provider FROM ref.provider_place
    UNION
    SELECT level, organisation, provider FROM work.commissioned_place
),
submitted AS (
    SELECT
        b.level, b.organisation, t.period_type, t.period_start, count(DISTINCT s.month) AS months_submitted,
        bool_or(t.is_last) AS has_last_month
    FROM behind AS b
    INNER JOIN core.submission AS s ON s.provider = b.provider
    INNER JOIN work.period_month AS t ON t.month = s.month
    GROUP BY b.level, b.organisation, t.period_type, t.period_start
),
shown AS (
    SELECT level, organisation, 'all' AS pathway, 'all' AS step
    FROM behind
    UNION
    SELECT f.level, f.organisation, p.pathway, s.step
    FROM (SELECT DISTINCT level, organisation, pathway FROM work.flow_period) AS f
    INNER JOIN ref.pathway AS w ON w.pathway = f.pathway
    INNER JOIN (
        VALUES ('talking_therapies', 'not known yet'), ('talking_therapies', 'low intensity'),
            ('talking_therapies', 'high intensity'), ('severe_mental_illness', 'SMI therapy'),
            ('talking_therapies', 'all'), ('severe_mental_illness', 'all')
    ) AS s(measure_set, step) ON s.measure_set = w.measure_set
    CROSS JOIN LATERAL (VALUES (f.pathway), ('all')) AS p(pathway)
)
SELECT
    r.level, r.organisation, t.period_type, t.period_start, r.pathway, r.step,
    coalesce(s.months_submitted, 0) AS months_submitted, coalesce(s.has_last_month, false) AS has_last_month
FROM shown AS r
CROSS JOIN ref.period AS t
LEFT JOIN submitted AS s
    ON s.level = r.level AND s.organisation = r.organisation AND s.period_type = t.period_type
    AND s.period_start = t.period_start
