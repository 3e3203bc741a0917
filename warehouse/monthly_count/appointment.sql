-- monthly_count.appointment
-- Grain: one row per provider, month, pathway and step of care with a planned treatment appointment: what became of it.
-- Types 02, 03 and 05, as a treatment contact has them. One in the future (0), and one of which the record does not say
-- what became of it, is in no column. What is missed before the first session is of no step: 'not started'.
CREATE TABLE monthly_count.appointment AS
SELECT
    provider, CAST(date_trunc('month', contact_on) AS DATE) AS month, pathway,
    coalesce(step, 'not started') AS step, count(*) FILTER (WHERE is_treatment) AS sessions,
    count(*) FILTER (WHERE NOT is_treatment AND attendance IN ('3', '7')) AS missed,
    count(*) FILTER (WHERE NOT is_treatment AND attendance IN ('2', '4')) AS cancelled
FROM work.contact_step
WHERE appointment_type IN ('02', '03', '05')
GROUP BY provider, CAST(date_trunc('month', contact_on) AS DATE), pathway, coalesce(step, 'not started')

-- Columns of monthly_count.appointment: Treatment appointments and what became of them: one row per provider, month,
--     pathway and step of care.
--   provider, key: ODS code of the provider as submitted.
--   month [month], key: First day of the month of the appointment.
--   pathway, key: Pathway code.
--   step, key: Step of care on its day (core.step_of_care); 'not started' before the first session.
--   sessions [sessions]: Treatment contacts: attended, or unplanned.
--   missed: Missed without notice (3), or the person came too late to be seen (7).
--   cancelled: Cancelled by the person (2) or by the service (4).
