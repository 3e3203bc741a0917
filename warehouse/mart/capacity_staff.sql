-- mart.capacity_staff
-- Grain: one row per provider, therapy, pay band and training: members of staff who gave it in the last three months,
-- or were listed in the last month and gave none.
-- A member of staff stands in every therapy they gave, so people do not add up over therapies. Training is that of
-- core.staff_month: who is trained in one therapy is capacity, and may still be in training for another.
CREATE TABLE mart.capacity_staff AS
WITH span AS (
    SELECT max(month) AS last_month, max(last_day) AS last_day, max(month) - INTERVAL 2 MONTH AS since
    FROM ref.month
),
given AS (
    SELECT l.current_provider AS provider, a.submitted_by, a.staff_id, a.therapy_type,
        count(DISTINCT a.care_contact_id) AS sessions
    FROM core.activity AS a
    INNER JOIN span AS t ON a.contact_on BETWEEN t.since AND t.last_day
    INNER JOIN ref.provider_place AS l ON l.provider = a.provider
    WHERE a.is_therapy_session AND a.staff_id IS NOT NULL
    GROUP BY l.current_provider, a.submitted_by, a.staff_id, a.therapy_type
),
idle AS (
    SELECT l.current_provider AS provider, s.provider AS submitted_by, s.staff_id
    FROM core.staff AS s
    INNER JOIN span AS t ON s.last_month = t.last_month
    INNER JOIN ref.provider_place AS l ON l.provider = s.provider
    LEFT JOIN given AS g ON g.submitted_by = s.provider AND g.staff_id = s.staff_id
    WHERE g.staff_id IS NULL
),
person AS (
    SELECT provider, submitted_by, staff_id, therapy_type, sessions
    FROM given
    UNION ALL
    SELECT provider, submitted_by, staff_id, 'none', 0
    FROM idle
),
judged AS (
    SELECT
        p.provider, p.therapy_type, coalesce(c.meaning, 'No session in three months') AS therapy,
        coalesce(s.pay_band, 'not recorded') AS pay_band,
        CASE
            WHEN s.is_training_known AND coalesce(s.trained_on > t.last_day, true) THEN 'in training' ELSE 'trained'
        END AS training,
        p.sessions
    FROM person AS p
    CROSS JOIN span AS t
    LEFT JOIN core.staff AS s ON s.provider = p.submitted_by AND s.staff_id = p.staff_id
    LEFT JOIN ref.code AS c ON c.code_list = 'therapy_type' AND c.code = p.therapy_type
)
SELECT
    provider, therapy_type, therapy, pay_band, training, count(*) AS people,
    CAST(sum(sessions) AS BIGINT) AS sessions
FROM judged
GROUP BY provider, therapy_type, therapy, pay_band, training

-- Columns of mart.capacity_staff: Staff in post by therapy and pay band: one row per provider, therapy, band and
--     training. People stand in every therapy they gave in the last three months of the data.
--   provider, key: ODS code of the provider.
--   therapy_type, key: Type of therapy (ref.code therapy_type); 'none' for staff listed in the last month who gave no
--       session.
--   therapy: Name of the therapy.
--   pay_band, key: Agenda for Change pay band (SMI901), or 'not recorded'.
--   training, key: trained or in training by the last day of the data, as in core.staff_month.
--   people: Members of staff.
--   sessions: Sessions of the therapy in the three months; one given by two members of staff is one of each.
