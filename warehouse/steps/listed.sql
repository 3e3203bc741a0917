-- work.listed
-- Grain: one row per referral and month end at which it waits or is in treatment by its days (core.step_of_care).
-- cause: submitted, as in work.caseload; else why the submissions of that month do not have it. One cause for each.
CREATE TABLE work.listed AS
WITH reported AS (
    SELECT provider, month, last_day(month) AS last_day, true AS is_reported, submitted_by = provider AS is_own
    FROM core.reported_month
),
-- Month ends that were reported, and that before each month reported.
month_end AS (
    SELECT provider, month, last_day, is_reported, is_own
    FROM reported
    UNION ALL
    SELECT r.provider, CAST(r.month - INTERVAL 1 MONTH AS DATE), CAST(r.month - INTERVAL 1 DAY AS DATE), false, false
    FROM reported AS r
    ANTI JOIN reported AS b ON b.provider = r.provider AND b.month = CAST(r.month - INTERVAL 1 MONTH AS DATE)
),
-- The month after the last one of a provider that has been merged: what its successor sends first then was taken over.
taken_over AS (
    SELECT DISTINCT u.successor AS provider, CAST(s.last_month + INTERVAL 1 MONTH AS DATE) AS month
    FROM staged.successor AS u
    INNER JOIN (SELECT provider, max(month) AS last_month FROM core.submission GROUP BY provider) AS s
        ON s.provider = u.provider
)
SELECT
    s.referral_number, s.provider, coalesce(p.commissioner, 'unknown') AS commissioner, e.month, p.pathway, s.step,
    s.is_waiting,
    CASE
        WHEN NOT e.is_reported THEN 'gap'
        WHEN e.month BETWEEN p.first_month AND p.last_month THEN 'submitted'
        WHEN e.month > p.last_month THEN 'lost'
        WHEN t.month IS NOT NULL OR NOT e.is_own THEN 'merger'
        ELSE 'late'
    END AS cause
FROM core.step_of_care AS s
INNER JOIN core.pathway AS p ON p.referral_number = s.referral_number
INNER JOIN month_end AS e
    ON e.provider = s.provider AND e.last_day >= s.from_on AND (s.to_on IS NULL OR s.to_on > e.last_day)
LEFT JOIN taken_over AS t ON t.provider = p.provider AND t.month = p.first_month
