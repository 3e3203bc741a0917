-- mart.quality_count
-- Grain: one row per level (England, provider), organisation, month or rolling year, and quality item.
-- A provider that sent no row of a table keeps its rows: 'no denominator'. Months expected and not sent count
-- against the provider in the items of 'submission' only; elsewhere they are 'not submitted', as is the stock of a
-- year whose last month was not sent. An item without any row in England in the period is left out.
CREATE TABLE mart.quality_count AS
WITH counted AS (
    SELECT
        s.organisation, s.period_type, s.period_start, i.measure,
        CASE i.aspect WHEN 'complete' THEN s.complete WHEN 'known' THEN s.complete - s.not_known
            WHEN 'not at midnight' THEN s.filled - s.at_midnight WHEN 'not on the hour' THEN s.filled - s.on_the_hour
            WHEN 'not first of month' THEN s.filled - s.first_of_month ELSE s.valid END AS numerator,
        CASE WHEN i.aspect IN ('complete', 'known') THEN s.expected ELSE s.filled END AS denominator
    FROM work.quality_sum AS s
    INNER JOIN mart.quality_item AS i ON i.table_id = s.table_id AND i.element = s.element
    UNION ALL
    SELECT
        CASE WHEN grouping(p.current_provider) = 1 THEN 'ENG' ELSE p.current_provider END,
        t.period_type, t.period_start, i.measure, count(*) FILTER (WHERE
            CASE i.aspect WHEN 'complete' THEN u.submission_id IS NOT NULL ELSE u.state = 'in time' END), count(*)
    FROM mart.submission_punctuality AS u
    INNER JOIN mart.quality_item AS i
        ON i.table_id = 'submission'
        AND CASE i.aspect WHEN 'complete' THEN u.state <> 'window open' ELSE u.state IN ('in time', 'late') END
    INNER JOIN ref.provider_place AS p ON p.provider = u.provider
    INNER JOIN ref.period_month AS t ON t.month = u.month AND t.period_type IN ('month', 'rolling 12 months')
    GROUP BY GROUPING SETS (
        (p.current_provider, t.period_type, t.period_start, i.measure), (t.period_type, t.period_start, i.measure)
    )
),
figure AS (
    SELECT
        v.level, v.organisation, v.period_type, v.period_start, e.measure, v.months_submitted, c.numerator,
        c.denominator, c.denominator > 0 OR v.provider_months_submitted > 0 AS is_submitted
    FROM counted AS e
    INNER JOIN mart.quality_item AS i ON i.measure = e.measure
    INNER JOIN mart.submission_coverage AS v
        ON v.period_type = e.period_type AND v.period_start = e.period_start AND v.over_time = i.over_time
    LEFT JOIN counted AS c
        ON c.organisation = v.organisation AND c.period_type = e.period_type AND c.period_start = e.period_start
        AND c.measure = e.measure
    WHERE e.organisation = 'ENG' AND e.denominator > 0
)
SELECT
    level, organisation, period_type, period_start, measure,
    CASE WHEN is_submitted THEN coalesce(numerator, 0) END AS numerator,
    CASE WHEN is_submitted THEN coalesce(denominator, 0) END AS denominator, months_submitted,
    CASE WHEN denominator > 0 THEN 'value' WHEN is_submitted THEN 'no denominator' ELSE 'not submitted' END AS state
FROM figure

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
--   state: value; no denominator (nothing to count); not submitted; these are always distinct. What is sent again every
--       month is not submitted where the last month of the period was not.
