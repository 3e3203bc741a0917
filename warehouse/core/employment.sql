-- core.employment
-- Grain: one row per provider and person: the latest recorded employment status.
-- A status without a recording date counts as the oldest.
CREATE TABLE core.employment AS
WITH ranked AS (
    SELECT
        e.*,
        row_number() OVER (PARTITION BY provider, person_id ORDER BY recorded_on DESC NULLS LAST) AS rank,
        sum(submitted_records) OVER (PARTITION BY provider, person_id) AS person_records
    FROM work.employment_day AS e
)
SELECT
    provider, person_id, recorded_on, last_month, CAST(person_records AS BIGINT) AS submitted_records,
    employment_status, weekly_hours, sickness_absence, statutory_sick_pay, receives_benefit,
    employment_support_referred_on
FROM ranked
WHERE rank = 1

-- Columns of core.employment: One row per provider and person: the latest recorded employment status (IDS004).
--   provider, key: ODS code of the provider.
--   person_id, key: Pseudonym of the person: the same at every provider if the NHS number is verified, else only
--       at this provider; the provider's token of the patient where no patient record was accepted.
--   recorded_on [date]: Day it was recorded.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   employment_status: Employment status code.
--   weekly_hours: Band of weekly hours worked.
--   sickness_absence: Whether an employed person is off work sick.
--   statutory_sick_pay: Whether the person receives Statutory Sick Pay.
--   receives_benefit: Whether the person receives a benefit.
--   employment_support_referred_on [date]: Day of referral to employment support.
