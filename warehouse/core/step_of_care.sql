-- core.step_of_care
-- Grain: one row per provider, service request and spell: waiting, then treatment in one step after another.
-- The one definition of a step of care. The wait ends with the first treatment contact, as in every measure of waits.
-- Severe mental illness has one step, which the pathway says from the first day. In Talking Therapies nobody is known
-- to wait for a step: it is known from the first session of a therapy of low or high intensity, not before. A step that
-- became known later is never carried back.
CREATE TABLE core.step_of_care AS
WITH referral AS (
    SELECT
        p.referral_number, p.provider, p.service_request_id, p.received_on, p.first_treatment_on, p.discharged_on,
        CASE WHEN w.measure_set = 'severe_mental_illness' THEN 'SMI therapy' ELSE 'not known yet' END AS step
    FROM core.pathway AS p
    INNER JOIN ref.pathway AS w ON w.pathway = p.pathway
    WHERE p.received_on IS NOT NULL
),
spell AS (
    SELECT referral_number, true AS is_waiting, step, received_on AS from_on
    FROM referral
    UNION ALL
    -- Treatment of a step that its first day does not tell.
    SELECT r.referral_number, false, r.step, r.first_treatment_on
    FROM referral AS r
    LEFT JOIN work.session_step AS c ON c.referral_number = r.referral_number AND c.from_on = r.first_treatment_on
    WHERE r.first_treatment_on IS NOT NULL AND c.referral_number IS NULL
    UNION ALL
    SELECT referral_number, false, step, from_on
    FROM work.session_step
),
numbered AS (
    SELECT
        s.*, row_number() OVER in_time AS spell, lead(from_on) OVER in_time AS next_on,
        lead(step) OVER in_time AS next_step
    FROM spell AS s
    WINDOW in_time AS (PARTITION BY referral_number ORDER BY is_waiting DESC, from_on)
)
SELECT
    s.referral_number, r.provider, r.service_request_id, CAST(s.spell AS INTEGER) AS spell, s.is_waiting, s.step,
    s.from_on,
    coalesce(s.next_on, CASE WHEN r.discharged_on < s.from_on THEN s.from_on ELSE r.discharged_on END) AS to_on,
    CASE
        WHEN s.next_on IS NULL AND r.discharged_on IS NULL THEN NULL
        WHEN s.next_on IS NULL AND s.is_waiting THEN 'left'
        WHEN s.next_on IS NULL THEN 'ended'
        WHEN s.is_waiting THEN 'started'
        WHEN s.step = 'not known yet' THEN 'step known'
        WHEN s.step = 'low intensity' THEN 'stepped up'
        ELSE 'stepped down'
    END AS ended_by, s.next_step
FROM numbered AS s
INNER JOIN referral AS r ON r.referral_number = s.referral_number

-- Columns of core.step_of_care: One row per service request and spell of it: waiting until the first treatment
--     contact, then treatment in one step of care after another. Together they are the days from referral to discharge.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   spell, key: Number of the spell within the referral, from 1, which is the wait.
--   is_waiting: Whether it is the wait for the first treatment contact; false is treatment.
--   step: Step of care: low intensity, high intensity, SMI therapy (pathways of severe mental illness), or not known
--       yet. Nobody in Talking Therapies is known to wait for a step.
--   from_on [date]: First day of the spell.
--   to_on [date]: Day it ended, on which the next one begins; NULL while it goes on.
--   ended_by: How it ended. Of a wait: started (treatment), left (discharged before). Of treatment: stepped up, stepped
--       down, step known (the first session of known intensity), ended (discharged). NULL while it goes on.
--   next_step: Step of the next spell; NULL for the last one.
