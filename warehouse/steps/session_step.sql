-- work.session_step
-- Grain: one row per referral of Talking Therapies and day from which its step of care is known to be this one.
-- Low and high are those of ref.therapy; a log of internet-enabled therapy is of high intensity (M120). A day with both
-- is high. A step is left on the second day in a row of the other intensity: one single session moves nobody.
CREATE TABLE work.session_step AS
WITH given AS (
    SELECT referral_number, contact_on AS session_on, therapy_intensity = 'high' AS is_high
    FROM core.activity
    WHERE is_therapy_session AND therapy_intensity IN ('low', 'high')
    UNION ALL
    SELECT referral_number, log_started_on, true
    FROM core.internet_log
    WHERE referral_number IS NOT NULL AND log_started_on IS NOT NULL
),
session_day AS (
    SELECT
        p.referral_number, p.first_treatment_on, g.session_on,
        CASE WHEN bool_or(g.is_high) THEN 'high intensity' ELSE 'low intensity' END AS step
    FROM given AS g
    INNER JOIN core.pathway AS p ON p.referral_number = g.referral_number
    INNER JOIN ref.pathway AS w ON w.pathway = p.pathway AND w.measure_set = 'talking_therapies'
    WHERE p.first_treatment_on IS NOT NULL AND (p.discharged_on IS NULL OR g.session_on <= p.discharged_on)
    GROUP BY p.referral_number, p.first_treatment_on, g.session_on
),
compared AS (
    SELECT s.*, lag(step) OVER (PARTITION BY referral_number ORDER BY session_on) AS step_before
    FROM session_day AS s
),
-- A log may begin before the first treatment contact, with which treatment begins.
confirmed AS (
    SELECT
        referral_number, greatest(session_on, first_treatment_on) AS from_on, max_by(step, session_on) AS step
    FROM compared
    WHERE step_before IS NULL OR step_before = step
    GROUP BY referral_number, greatest(session_on, first_treatment_on)
),
followed AS (
    SELECT c.*, lag(step) OVER (PARTITION BY referral_number ORDER BY from_on) AS step_before
    FROM confirmed AS c
)
SELECT referral_number, from_on, step
FROM followed
WHERE step_before IS DISTINCT FROM step
