-- mart.quality_count
-- Grain: one row per level (England, provider), organisation, month or rolling year, and quality item.
-- A provider that sent no row of a table keeps its rows: 'no denominator'. Months expected and not sent count
-- against the provider in the items of 'submission' only; elsewhere they are 'not submitted'. An item without
-- any row in England in the period is left out.
CREATE TABLE mart.quality_count AS
WITH cell AS (
    SELECT
        f.provider, f.month, i.measure,
        CASE i.aspect WHEN 'complete' THEN f.complete WHEN 'known' THEN f.complete - f.not_known ELSE f.valid END
            AS numerator,
        CASE i.aspect WHEN 'valid' THEN f.filled ELSE f.expected END AS denominator
    FROM core.field_count AS f
    INNER JOIN mart.quality_item AS i ON i.table_id = f.table_id AND i.element = f.element
    UNION ALL
    SELECT
        provider, month, 'submission.month.complete', CASE WHEN submission_id IS NULL THEN 0 ELSE 1 END, 1
    FROM mart.submission_punctuality
    WHERE state <> 'window open'
    UNION ALL
    SELECT provider, month, 'submission.month.in_time', CASE state WHEN 'in time' THEN 1 ELSE 0 END, 1
    FROM mart.submission_punctuality
    WHERE state IN ('in time', 'late')
),
placed AS (
    SELECT p.current_provider AS organisation, c.month, c.measure, c.numerator, c.denominator
    FROM cell AS c
    INNER JOIN ref.provider_place AS p ON p.provider = c.provider
),
counted AS (
    SELECT
        CASE WHEN grouping(c.organisation) = 1 THEN 'ENG' ELSE c.organisation END AS organisation,
        t.period_type, t.period_start, c.measure,
        CAST(sum(c.numerator) AS BIGINT) AS numerator, CAST(sum(c.denominator) AS BIGINT) AS denominator
    FROM placed AS c
    INNER JOIN ref.period_month AS t ON t.month = c.month
    WHERE t.period_type IN ('month', 'rolling 12 months')
    GROUP BY GROUPING SETS (
        (c.organisation, t.period_type, t.period_start, c.measure), (t.period_type, t.period_start, c.measure)
    )
),
sent AS (
    SELECT
        CASE WHEN grouping(p.current_provider) = 1 THEN 'ENG' ELSE p.current_provider END AS organisation,
        t.period_type, t.period_start, count(DISTINCT s.month) AS months_submitted
    FROM core.submission AS s
    INNER JOIN ref.provider_place AS p ON p.provider = s.provider
    INNER JOIN ref.period_month AS t ON t.month = s.month
    GROUP BY GROUPING SETS ((p.current_provider, t.period_type, t.period_start), (t.period_type, t.period_start))
),
organisation AS (
    SELECT DISTINCT current_provider AS organisation FROM ref.provider_place
    UNION ALL
    SELECT 'ENG'
)
SELECT
    CASE o.organisation WHEN 'ENG' THEN 'England' ELSE 'provider' END AS level, o.organisation, e.period_type,
    e.period_start, e.measure,
    CASE WHEN s.months_submitted > 0 OR c.denominator > 0 THEN coalesce(c.numerator, 0) END AS numerator,
    CASE WHEN s.months_submitted > 0 OR c.denominator > 0 THEN coalesce(c.denominator, 0) END AS denominator,
    coalesce(s.months_submitted, 0) AS months_submitted,
    CASE WHEN c.denominator > 0 THEN 'value' WHEN s.months_submitted > 0 THEN 'no denominator'
        ELSE 'not submitted' END AS state
FROM counted AS e
CROSS JOIN organisation AS o
LEFT JOIN counted AS c
    ON c.organisation = o.organisation AND c.period_type = e.period_type AND c.period_start = e.period_start
    AND c.measure = e.measure
LEFT JOIN sent AS s
    ON s.organisation = o.organisation AND s.period_type = e.period_type AND s.period_start = e.period_start
WHERE e.organisation = 'ENG' AND e.denominator > 0

-- Columns of mart.quality_count: Counts behind every item of data quality, for England and every provider, by
--     month and over rolling 12 months.
--   level, key: England or provider.
--   organisation, key: ODS code of the provider as it is today; ENG: England.
--   period_type, key: month or rolling 12 months.
--   period_start [date], key: First day of the period.
--   measure, key: Item (mart.quality_item).
--   numerator [rows]: Records that are complete, known or valid; months submitted or in time. NULL where not
--       submitted.
--   denominator [rows]: Records it is counted of; months expected or submitted. NULL where not submitted.
--   months_submitted [months]: Months of the period with a current submission.
--   state: value; no denominator (nothing to count); not submitted; these are always distinct.
