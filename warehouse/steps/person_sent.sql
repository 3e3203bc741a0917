-- work.person_sent
-- Grain: one row per provider and person: what all records of a person say together. They are read once for all of it.
CREATE TABLE work.person_sent AS
SELECT
    provider, person_id, max(recency) AS recency, min(month) AS first_month, count(*) AS submitted_records,
    min(month) FILTER (WHERE age_at_period_end IS NOT NULL) AS first_month_of_age, min(age_at_period_end) AS lowest_age,
    max(age_at_period_end) AS highest_age,
    -- The latest code that says something; a month is worth more than any row number of a file.
    arg_max(GenderIDCode, recency) FILTER (WHERE GenderIDCode IN ('1', '2', '3', '4', 'Z')) AS gender_identity
FROM staged.IDS001
GROUP BY provider, person_id
