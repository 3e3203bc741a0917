-- mart.submission_coverage
-- Grain: one row per level (England, provider), organisation, period and kind over time (flow, stock).
-- Providers count under their successor. A provider-month is expected as mart.submission_punctuality says: from the
-- provider's first submission until it closed, was taken over, or had sent nothing for six months. A provider that has
-- never submitted is not known here. Of a stock only the last month of the period counts.
CREATE TABLE mart.submission_coverage AS
WITH expected AS (
    SELECT
        l.current_provider AS organisation, t.period_type, t.period_start, r.last_month, q.month,
        q.submission_id IS NOT NULL AS is_submitted
    FROM mart.submission_punctuality AS q
    INNER JOIN ref.provider_place AS l ON l.provider = q.provider
    INNER JOIN ref.period_month AS t ON t.month = q.month
    INNER JOIN ref.period AS r ON r.period_type = t.period_type AND r.period_start = t.period_start
),
counted AS (
    SELECT
        CASE WHEN grouping(organisation) = 1 THEN 'ENG' ELSE organisation END AS organisation, period_type,
        period_start, count(DISTINCT month) FILTER (WHERE is_submitted) AS months_submitted,
        count(*) AS flow_expected, count(*) FILTER (WHERE is_submitted) AS flow_submitted,
        count(*) FILTER (WHERE month = last_month) AS stock_expected,
        count(*) FILTER (WHERE month = last_month AND is_submitted) AS stock_submitted
    FROM expected
    GROUP BY GROUPING SETS ((organisation, period_type, period_start), (period_type, period_start))
),
organisation AS (
    SELECT 'England' AS level, 'ENG' AS organisation
    UNION ALL
    SELECT DISTINCT 'provider', current_provider FROM ref.provider_place
),
known AS (
    SELECT
        o.level, o.organisation, r.period_type, r.period_start, k.over_time, r.months,
        coalesce(c.months_submitted, 0) AS months_submitted,
        coalesce(CASE k.over_time WHEN 'flow' THEN c.flow_expected ELSE c.stock_expected END, 0)
            AS provider_months_expected,
        coalesce(CASE k.over_time WHEN 'flow' THEN c.flow_submitted ELSE c.stock_submitted END, 0)
            AS provider_months_submitted
    FROM organisation AS o
    CROSS JOIN ref.period AS r
    CROSS JOIN (VALUES ('flow'), ('stock')) AS k(over_time)
    LEFT JOIN counted AS c
        ON c.organisation = o.organisation AND c.period_type = r.period_type AND c.period_start = r.period_start
)
SELECT
    level, organisation, period_type, period_start, over_time, months, months_submitted, provider_months_expected,
    provider_months_submitted,
    provider_months_submitted > 0 AND provider_months_submitted = provider_months_expected
        AND (over_time = 'stock' OR months_submitted = months) AS is_complete
FROM known

-- Columns of mart.submission_coverage: How much of a period was submitted: one row per organisation, period and kind
--     over time.
--   level, key: England or provider.
--   organisation, key: ODS code of the provider as it is today; ENG is England.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   over_time, key: flow: all months of the period count; stock: only the last one does (mart.measure.over_time).
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period for which a provider of the organisation submitted.
--   provider_months_expected: Submissions expected, one per provider and month that counts; a predecessor until it was
--       taken over.
--   provider_months_submitted: Of these, submitted.
--   is_complete: Whether every month that counts was submitted, and none is missing of a predecessor.
