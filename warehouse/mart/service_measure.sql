-- mart.service_measure
-- Grain: one row per level, organisation, period, pathway ('all': all it applies to) and measure.
-- Starts from a spine, so that no service is lost: every organisation and every period in the span of the data.
-- Reported no patients: 0. No current submission in the whole period: NULL, 'not submitted'. A stock is that of the
-- period's last month: without a submission for that month it is 'not submitted', whatever the others contain.
-- Filled in for the organisations that are added up (work.organisation); the others keep their rows.
INSERT INTO mart.service_measure
WITH counted AS (
    -- Items of data quality have counts of their own (mart.quality_count).
    SELECT measure, kind, over_time FROM mart.measure WHERE grain <> 'record'
),
applicable AS (
    SELECT o.level, o.organisation, o.pathway, a.measure
    FROM work.organisation_pathway AS o
    INNER JOIN work.measure_pathway AS a ON a.pathway = o.pathway
    UNION
    -- 'all' applies where any pathway of the organisation does ...
    SELECT o.level, o.organisation, 'all', a.measure
    FROM work.organisation_pathway AS o
    INNER JOIN work.measure_pathway AS a ON a.pathway = o.pathway
    UNION
    -- ... or where it has no pathway yet.
    SELECT o.level, o.organisation, 'all', m.measure
    FROM (
        SELECT level, organisation
        FROM work.organisation_pathway
        GROUP BY level, organisation
        HAVING max(pathway) = 'all' AND min(pathway) = 'all'
    ) AS o
    CROSS JOIN counted AS m
),
measure_of AS (
    SELECT
        n.org, o.level, o.organisation, o.pathway, m.measure, m.kind, m.over_time,
        a.measure IS NOT NULL AS is_applicable
    FROM work.organisation AS n
    INNER JOIN work.organisation_pathway AS o ON o.level = n.level AND o.organisation = n.organisation
    CROSS JOIN counted AS m
    LEFT JOIN applicable AS a
        ON a.level = o.level AND a.organisation = o.organisation AND a.pathway = o.pathway
        AND a.measure = m.measure
),
figure AS (
    SELECT
        s.org, s.level, s.organisation, s.pathway, s.measure, s.kind, s.is_applicable, r.period, r.period_type,
        r.period_start, r.months_submitted,
        CASE s.over_time WHEN 'stock' THEN r.has_last_month ELSE r.months_submitted > 0 END AS is_submitted
    FROM measure_of AS s
    INNER JOIN work.reported AS r ON r.level = s.level AND r.organisation = s.organisation
)
SELECT
    'submitted' AS source, f.level, f.organisation, f.period_type, f.period_start, f.pathway, f.measure,
    CASE WHEN f.is_applicable AND f.is_submitted AND f.kind NOT IN ('median', 'p90') THEN coalesce(c.numerator, 0) END
        AS numerator,
    CASE WHEN f.is_applicable AND f.is_submitted AND f.kind <> 'count' THEN coalesce(c.denominator, 0) END
        AS denominator,
    CASE WHEN f.is_applicable AND f.is_submitted THEN c.quantile END AS quantile,
    f.months_submitted,
    CASE
        WHEN NOT f.is_applicable THEN 'not applicable'
        WHEN NOT f.is_submitted THEN 'not submitted'
        WHEN f.kind <> 'count' AND coalesce(c.denominator, 0) = 0 THEN 'no denominator'
        ELSE 'value'
    END AS state
FROM figure AS f
LEFT JOIN work.measure_count AS c
    ON c.org = f.org AND c.period = f.period AND c.pathway = f.pathway AND c.measure = f.measure

-- Columns of mart.service_measure: One row per organisation, period, pathway and measure; every organisation keeps
--     its row in every period.
--   source, key: submitted: our own count.
--   level, key: England, region, ICB, sub-ICB (by commissioner), provider, provider in sub-ICB, site.
--   organisation, key: Code of the organisation (ref.organisation); ENG is England; 'unknown' what cannot be
--       placed; a merged provider counts in its successor; provider|sub-ICB where both.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code (ref.pathway), or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   numerator: Count of a count or share; sum of a mean; events or days of a rate; NULL for a median or p90.
--   denominator: Rows the value is of, person-days of a rate: of a share those that could count, of a mean, median or p90 those with a
--       value; NULL for a count and where there is no value.
--   quantile [unit of the measure]: Median or 90th centile, the continuous one (type 7), exact to one decimal; NULL
--       for other kinds and where there is no value.
--   months_submitted [months]: Months of the period for which a provider of the organisation submitted.
--   state: value; no denominator (0 people); not submitted; not applicable; these are always distinct. A stock
--       is not submitted where the last month of the period was not.
