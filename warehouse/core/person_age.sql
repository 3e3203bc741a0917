-- core.person_age
-- Grain: one row per provider, person and month from which another age was sent. It holds until the next one: a person
-- of several years has a row a year, not one a month.
CREATE TABLE core.person_age AS
WITH sent AS (
    SELECT
        provider, person_id, month, max(age_at_period_end) AS age,
        lag(max(age_at_period_end)) OVER (PARTITION BY provider, person_id ORDER BY month) AS age_before
    FROM staged.IDS001
    WHERE age_at_period_end IS NOT NULL
    GROUP BY provider, person_id, month
)
SELECT
    provider, person_id, month, lead(month) OVER (PARTITION BY provider, person_id ORDER BY month) AS next_month, age
FROM sent
WHERE age IS DISTINCT FROM age_before

-- Columns of core.person_age: One row per provider, person and month from which another age was sent.
--   provider, key: ODS code of the provider.
--   person_id, key: Pseudonym of the person.
--   month [month], key: First month with that age.
--   next_month [month]: First month with the next age; NULL for the last.
--   age [years]: Age at the end of the month.
