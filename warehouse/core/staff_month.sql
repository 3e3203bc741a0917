-- core.staff_month
-- Grain: one row per provider, month, step of care, and member of staff with a session: how many they gave.
-- A session is a treatment contact. One given by two members of staff is half a session of each, so that sessions of
-- staff add up to sessions. One without a member of staff has the token of nobody (schemas.token).
-- Trained by a month: a curriculum awarded, or the training in a therapy completed, by its last day. Somebody of whom
-- neither training is known is not known to be a trainee, and counts as trained.
CREATE TABLE core.staff_month AS
WITH given AS (
    SELECT DISTINCT
        s.referral_number, s.contact_number, s.provider, s.step, CAST(date_trunc('month', s.contact_on) AS DATE) AS month,
        coalesce(a.submitted_by, s.provider) AS submitted_by,
        coalesce(a.staff_id, '00000000-0000-0000-0000-000000000000') AS staff_id
    FROM work.contact_step AS s
    LEFT JOIN core.activity AS a
        ON a.referral_number = s.referral_number AND a.contact_number = s.contact_number AND a.staff_id IS NOT NULL
    WHERE s.is_treatment
),
-- Few sessions are given by two.
together AS (
    SELECT referral_number, contact_number, count(*) AS members
    FROM given
    GROUP BY referral_number, contact_number
    HAVING count(*) > 1
),
shared AS (
    SELECT g.*, coalesce(t.members, 1) AS members
    FROM given AS g
    LEFT JOIN together AS t ON t.referral_number = g.referral_number AND t.contact_number = g.contact_number
),
counted AS (
    SELECT
        provider, submitted_by, staff_id, month, step,
        CAST(sum(CAST(1 AS DECIMAL(9, 6)) / members) AS DECIMAL(15, 6)) AS sessions
    FROM shared
    GROUP BY provider, submitted_by, staff_id, month, step
)
SELECT
    c.provider, c.submitted_by, c.staff_id, c.month, c.step, c.sessions,
    CASE
        WHEN c.staff_id = '00000000-0000-0000-0000-000000000000' THEN 'not recorded'
        WHEN t.is_training_known AND coalesce(t.trained_on > last_day(c.month), true) THEN 'in training'
        ELSE 'trained'
    END AS training
FROM counted AS c
LEFT JOIN core.staff AS t ON t.provider = c.submitted_by AND t.staff_id = c.staff_id

-- Columns of core.staff_month: One row per provider, month, step of care and member of staff with a session
--     (IDS201, IDS202): how many sessions they gave.
--   provider, key: ODS code of the provider.
--   submitted_by, key: ODS code of the provider that sent the rows: itself, or one whose place it has taken. staff_id
--       is that provider's.
--   staff_id, key: Pseudonym of the member of staff; 00000000-0000-0000-0000-000000000000 where a session names
--       none.
--   month [month], key: First day of the month of the sessions.
--   step, key: Step of care that the session falls in (core.step_of_care).
--   sessions [sessions]: Treatment contacts. One given by two members of staff is half a session of each.
--   training: trained, in training, or not recorded; by the last day of the month. Trained means that a curriculum is
--       awarded or the training in a therapy completed, or that no training is known at all.
