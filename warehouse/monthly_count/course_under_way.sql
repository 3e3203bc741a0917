-- monthly_count.course_under_way
-- Grain: one row per provider, month, step and number of sessions so far: courses of a step under way at the end of the
-- month. In a provider's last month they are the courses of monthly_count.course_length that go on.
-- How these stocks moved from month to month says how far a forecast of what is still to give may stray.
-- A course stands at the end of the month in which it began or had a session, and at the ends that follow until it has
-- another: three at most, since after 90 days without a session it is idle, as in monthly_count.course_length.
CREATE TABLE monthly_count.course_under_way AS
WITH told AS (
    SELECT provider, last_day(max(month)) AS until
    FROM core.reported_month
    GROUP BY provider
),
course AS (
    SELECT provider, referral_number, spell, step, from_on, CASE WHEN ended_by IS NOT NULL THEN to_on END AS ended_on
    FROM core.step_of_care
    WHERE NOT is_waiting
),
happened AS (
    SELECT referral_number, spell, last_day(contact_on) AS month_end, count(*) AS sessions, max(contact_on) AS last_on
    FROM work.contact_step
    WHERE is_treatment
    GROUP BY ALL
    UNION ALL
    SELECT referral_number, spell, last_day(from_on), 0, from_on
    FROM course
),
by_month AS (
    SELECT referral_number, spell, month_end, sum(sessions) AS sessions, max(last_on) AS last_on
    FROM happened
    GROUP BY referral_number, spell, month_end
),
so_far AS (
    SELECT
        referral_number, spell, month_end, last_on,
        sum(sessions) OVER course_to_date AS sessions,
        lead(month_end) OVER course_to_date AS next_month_end
    FROM by_month
    WINDOW course_to_date AS (PARTITION BY referral_number, spell ORDER BY month_end)
),
stood AS (
    SELECT s.*, last_day(CAST(date_trunc('month', s.month_end) AS DATE) + to_months(k.n)) AS on_day
    FROM so_far AS s
    CROSS JOIN (VALUES (0), (1), (2), (3)) AS k (n)
)
SELECT
    c.provider, CAST(date_trunc('month', s.on_day) AS DATE) AS month, c.step, CAST(s.sessions AS INTEGER) AS sessions,
    count(*) AS courses
FROM stood AS s
INNER JOIN course AS c ON c.referral_number = s.referral_number AND c.spell = s.spell
INNER JOIN told AS t ON t.provider = c.provider
WHERE
    (s.next_month_end IS NULL OR s.on_day < s.next_month_end)
    AND date_diff('day', s.last_on, s.on_day) <= 90
    AND (c.ended_on IS NULL OR c.ended_on > s.on_day)
    AND s.on_day <= t.until
GROUP BY ALL

-- Columns of monthly_count.course_under_way: Courses of a step of care under way at the end of each month: one row per
--     provider, month, step and number of sessions so far.
--   provider, key: ODS code of the provider as submitted.
--   month [month], key: First day of the month at whose end they were under way.
--   step, key: Step of care (core.step_of_care).
--   sessions [sessions], key: Treatment contacts in the step until then.
--   courses: Courses of the step.
