-- core.employment
-- Grain: one row per provider and person: the latest recorded employment status.
-- A status without a recording date counts as the oldest: nothing says that it is newer.
CREATE TABLE core.employment AS
WITH ranked AS (
    SELECT
        e.*,
        row_number() OVER (PARTITION BY provider, person_id ORDER BY recorded_on DESC NULLS LAST) AS recency,
        sum(submitted_records) OVER (PARTITION BY provider, person_id) AS person_records
    FROM work.employment_day AS e
)
SELECT
    provider, person_id, recorded_on, last_month, CAST(person_records AS BIGINT) AS submitted_records,
    employment_status, weekly_hours, sickness_absence, statutory_sick_pay, receives_benefit,
    employment_support_referred_on
FROM ranked
WHERE recency = 1
