-- work.staff_time
-- Grain: one row per provider, set of pathways, month and step of care with a session: staff and their sessions.
-- Staff time is counted in months of a member of staff. A month with sessions of two steps is shared by its sessions.
CREATE TABLE work.staff_time AS
WITH worked AS (
    SELECT
        l.current_provider AS provider,
        CASE WHEN s.step = 'SMI therapy' THEN 'severe_mental_illness' ELSE 'talking_therapies' END AS measure_set,
        s.month, s.step, s.training, s.sessions,
        CAST(
            CAST(s.sessions AS DECIMAL(18, 6)) / sum(s.sessions) OVER (
                PARTITION BY s.provider, s.submitted_by, s.staff_id, s.month
            ) AS DECIMAL(18, 6)
        ) AS share_of_month
    FROM core.staff_month AS s
    INNER JOIN ref.provider_place AS l ON l.provider = s.provider
)
SELECT
    provider, measure_set, month, step, sum(share_of_month) FILTER (WHERE training = 'trained') AS staff_months,
    sum(share_of_month) FILTER (WHERE training = 'in training') AS trainee_months,
    sum(sessions) FILTER (WHERE training = 'trained') AS trained_sessions,
    sum(sessions) FILTER (WHERE training = 'in training') AS trainee_sessions,
    sum(sessions) FILTER (WHERE training = 'not recorded') AS unnamed_sessions
FROM worked
GROUP BY provider, measure_set, month, step
