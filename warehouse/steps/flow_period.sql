-- work.flow_period
-- Grain: one row per level, organisation, period, pathway, step ('all': all of them) and line of mart.flow.
-- Those of a month end are those of the start of the next month. If their provider did not submit that, they go out by
-- the line gap, or merger where it has been merged and this was its last month.
CREATE TABLE work.flow_period AS
WITH last_own AS (
    SELECT s.provider, max(s.month) AS month, max(l.current_provider) <> s.provider AS is_merged
    FROM core.submission AS s
    INNER JOIN ref.provider_place AS l ON l.provider = s.provider
    GROUP BY s.provider
),
started_with AS (
    SELECT
        c.provider, c.commissioner, m.month, c.pathway, c.step, split_part(c.line, '_at_end', 1) AS part, c.referrals,
        CASE WHEN r.month IS NOT NULL THEN 'submitted' WHEN o.is_merged AND c.month >= o.month THEN 'merger'
            ELSE 'gap' END AS cause
    FROM monthly_count.flow AS c
    INNER JOIN ref.month AS m ON m.month = CAST(c.month + INTERVAL 1 MONTH AS DATE)
    INNER JOIN last_own AS o ON o.provider = c.provider
    LEFT JOIN core.reported_month AS r ON r.provider = c.provider AND r.month = m.month
    WHERE c.line IN ('waiting_at_end', 'treatment_at_end')
),
counted AS (
    SELECT provider, commissioner, month, pathway, step, line, referrals
    FROM monthly_count.flow
    UNION ALL
    SELECT provider, commissioner, month, pathway, step, part || '_at_start', referrals
    FROM started_with
    UNION ALL
    SELECT provider, commissioner, month, pathway, step, part || '_' || cause || '_out', referrals
    FROM started_with
    WHERE cause <> 'submitted'
),
by_month AS (
    SELECT
        w.level, w.organisation, c.month, CASE WHEN grouping(c.pathway) = 1 THEN 'all' ELSE c.pathway END AS pathway,
        CASE WHEN grouping(c.step) = 1 THEN 'all' ELSE c.step END AS step, c.line, sum(c.referrals) AS referrals
    FROM counted AS c
    INNER JOIN work.commissioned_place AS w ON w.provider = c.provider AND w.commissioner = c.commissioner
    GROUP BY GROUPING SETS (
        (w.level, w.organisation, c.month, c.line, c.pathway, c.step),
        (w.level, w.organisation, c.month, c.line, c.pathway),
        (w.level, w.organisation, c.month, c.line, c.step), (w.level, w.organisation, c.month, c.line)
    )
)
SELECT
    b.level, b.organisation, t.period_type, t.period_start, b.pathway, b.step, b.line,
    CAST(sum(b.referrals) AS BIGINT) AS referrals
FROM by_month AS b
INNER JOIN work.period_month AS t ON t.month = b.month
-- Flows add up; stocks are those of the two ends.
WHERE CASE WHEN b.line IN ('waiting_at_start', 'treatment_at_start') THEN b.month = t.period_start
    WHEN b.line IN ('waiting_at_end', 'treatment_at_end') THEN t.is_last ELSE true END
GROUP BY b.level, b.organisation, t.period_type, t.period_start, b.pathway, b.step, b.line
