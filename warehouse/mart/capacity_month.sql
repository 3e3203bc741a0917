-- mart.capacity_month
-- Grain: one row per provider, set of pathways, step of care ('all' too) and submitted month: what capacity is
-- reckoned from. People come to a set of pathways, so they are in 'all' alone. Treatment has a step.
CREATE TABLE mart.capacity_month AS
WITH come AS (
    SELECT
        f.organisation AS provider, w.measure_set, f.period_start AS month, sum(f.referred) AS referred,
        sum(f.waiting_started) AS started, sum(f.waiting_left) AS left_waiting, sum(f.waiting_at_end) AS waiting_at_end
    FROM mart.flow AS f
    INNER JOIN ref.pathway AS w ON w.pathway = f.pathway
    WHERE f.level = 'provider' AND f.period_type = 'month' AND f.step = 'all' AND f.state = 'value'
        AND w.measure_set IS NOT NULL
    GROUP BY f.organisation, w.measure_set, f.period_start
),
offered AS (
    SELECT
        l.current_provider AS provider, w.measure_set, a.month, a.step, sum(a.sessions) AS sessions,
        sum(a.missed) AS missed, sum(a.cancelled) AS cancelled
    FROM monthly_count.appointment AS a
    INNER JOIN ref.provider_place AS l ON l.provider = a.provider
    INNER JOIN ref.pathway AS w ON w.pathway = a.pathway
    GROUP BY l.current_provider, w.measure_set, a.month, a.step
),
joined AS (
    SELECT
        c.provider, c.measure_set, c.month, o.step, o.sessions, o.missed, o.cancelled, g.staff_months,
        g.trainee_months, g.trained_sessions, g.trainee_sessions, g.unnamed_sessions
    FROM come AS c
    INNER JOIN offered AS o ON o.provider = c.provider AND o.measure_set = c.measure_set AND o.month = c.month
    LEFT JOIN work.staff_time AS g
        ON g.provider = o.provider AND g.measure_set = o.measure_set AND g.month = o.month AND g.step = o.step
),
added AS (
    SELECT provider, measure_set, month, coalesce(step, 'all') AS step,
        CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(missed) AS BIGINT) AS missed,
        CAST(sum(cancelled) AS BIGINT) AS cancelled, sum(staff_months) AS staff_months,
        sum(trainee_months) AS trainee_months, sum(trained_sessions) AS trained_sessions, sum(trainee_sessions) AS trainee_sessions,
        sum(unnamed_sessions) AS unnamed_sessions
    FROM joined
    GROUP BY GROUPING SETS ((provider, measure_set, month, step), (provider, measure_set, month))
),
kept AS (
    SELECT provider, measure_set, month, 'all' AS step
    FROM come
    UNION
    SELECT provider, measure_set, month, step
    FROM added
)
SELECT
    k.provider, k.measure_set, k.step, k.month, CAST(c.referred AS BIGINT) AS referred,
    CAST(c.started AS BIGINT) AS started, CAST(c.left_waiting AS BIGINT) AS left_waiting,
    CAST(c.waiting_at_end AS BIGINT) AS waiting_at_end, coalesce(a.sessions, 0) AS sessions,
    coalesce(a.missed, 0) AS missed, coalesce(a.cancelled, 0) AS cancelled,
    CAST(coalesce(a.staff_months, 0) AS DECIMAL(18, 4)) AS staff_months,
    CAST(coalesce(a.trainee_months, 0) AS DECIMAL(18, 4)) AS trainee_months,
    CAST(coalesce(a.trained_sessions, 0) AS DECIMAL(18, 4)) AS trained_sessions,
    CAST(coalesce(a.trainee_sessions, 0) AS DECIMAL(18, 4)) AS trainee_sessions,
    CAST(coalesce(a.unnamed_sessions, 0) AS DECIMAL(18, 4)) AS unnamed_sessions
FROM kept AS k
LEFT JOIN come AS c
    ON c.provider = k.provider AND c.measure_set = k.measure_set AND c.month = k.month AND k.step = 'all'
LEFT JOIN added AS a
    ON a.provider = k.provider AND a.measure_set = k.measure_set AND a.month = k.month AND a.step = k.step

-- Columns of mart.capacity_month: What demand and capacity are reckoned from: one row per provider, set of pathways,
--     step of care and submitted month.
--   provider, key: ODS code of the provider.
--   measure_set, key: talking_therapies or severe_mental_illness.
--   step, key: Step of care (core.step_of_care); 'not started' for appointments before the first session; 'all' for all.
--   month [month], key: First day of the month.
--   referred [people]: Referrals received (mart.flow); only of step 'all', else NULL, as the next three.
--   started [people]: People whose treatment began.
--   left_waiting [people]: People who left before treatment.
--   waiting_at_end [people]: People waiting for treatment on the last day.
--   sessions: Treatment contacts.
--   missed: Treatment appointments missed without notice, or to which the person came too late to be seen.
--   cancelled: Treatment appointments cancelled by the person or the service.
--   staff_months: Months of trained members of staff who gave a session, shared between steps by their sessions.
--   trainee_months: The same of staff in training.
--   trained_sessions: Sessions that trained staff gave; half of one that two members of staff gave.
--   trainee_sessions: Sessions that staff in training gave.
--   unnamed_sessions: Sessions that name no member of staff.
