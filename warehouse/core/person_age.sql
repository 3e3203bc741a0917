-- core.person_age
-- Grain: one row per provider, person and month from which another age was sent. It holds until the next one: a person
-- of several years has a row a year, not one a month.
CREATE TABLE core.person_age AS
WITH known AS (
    SELECT
        provider, person_id, first_month_of_age AS month, lowest_age AS age, highest_age > lowest_age AS is_other_later
    FROM work.person_sent
    WHERE first_month_of_age IS NOT NULL
),
-- Half of all people have one age: only the others are put in order.
sent AS (
    SELECT
        s.provider, s.person_id, s.month, max(s.age_at_period_end) AS age,
        lag(max(s.age_at_period_end)) OVER (PARTITION BY s.provider, s.person_id ORDER BY s.month) AS age_before
    FROM staged.IDS001 AS s
    SEMI JOIN known AS k ON k.provider = s.provider AND k.person_id = s.person_id AND k.is_other_later
    WHERE s.age_at_period_end IS NOT NULL
    GROUP BY s.provider, s.person_id, s.month
)
SELECT provider, person_id, month, CAST(NULL AS DATE) AS next_month, age
FROM known
WHERE NOT is_other_later
UNION ALL
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
