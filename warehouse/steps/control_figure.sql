-- work.control_figure
-- Grain: one row per source, provider (ENG: England), pathway, measure and period with a value: what is charted.
-- Submitted figures by month, published ones by financial year. A figure of fewer than 20 people is no point: at 20,
-- one person moves a share by 5 points, and what is charted would be chance. It is the number of the funnel;
-- 20 people have 3,600 person-days in 180 days.
-- Nor is a month that a provider behind it has not submitted: of England, or of a provider before its merger.
-- segment_start is the last change of process by then; published years are not parted, there are eight at most.
CREATE TABLE work.control_figure AS
WITH figure AS (
    SELECT
        source, provider, pathway, measure, period_type, period_start, kind,
        CAST(value AS DECIMAL(24, 12)) AS value,
        CASE WHEN NOT is_complete THEN 'incomplete month'
            WHEN kind IN ('rate', 'day_rate') AND denominator < 3600 THEN 'under 3,600 person-days'
            WHEN kind <> 'count' AND denominator < 20 THEN 'denominator under 20' END AS why_not_charted
    FROM mart.provider_figure
    WHERE state = 'value' AND period_type = CASE source WHEN 'published' THEN 'financial year' ELSE 'month' END
        -- Cohorts of referrals (decision 0030): the last months are always lower, because their courses still run.
        AND NOT starts_with(measure, 'REFERRED_')
),
chart AS (
    -- A number for the four texts: windows over it take half the time.
    SELECT CAST(row_number() OVER () AS INTEGER) AS chart, source, provider, pathway, measure
    FROM (SELECT DISTINCT source, provider, pathway, measure FROM figure)
),
start AS (
    SELECT
        c.chart, p.month, lead(p.month) OVER (PARTITION BY c.chart ORDER BY p.month) AS next_month,
        string_agg(DISTINCT p.reason, '; ' ORDER BY p.reason) AS reason
    FROM chart AS c
    INNER JOIN work.process_change AS p
        ON p.provider IN (c.provider, 'all') AND coalesce(p.pathway, c.pathway) = c.pathway
        AND coalesce(p.measure, c.measure) = c.measure
    WHERE c.source <> 'published'
    GROUP BY c.chart, p.month
)
SELECT
    c.chart, f.source, f.provider, f.pathway, f.measure, f.period_type, f.period_start, f.kind, f.value, f.why_not_charted,
    s.month AS segment_start, s.reason AS rebased_because
FROM figure AS f
INNER JOIN chart AS c
    ON c.source = f.source AND c.provider = f.provider AND c.pathway = f.pathway AND c.measure = f.measure
LEFT JOIN start AS s
    ON s.chart = c.chart AND s.month <= f.period_start AND coalesce(f.period_start < s.next_month, true)
