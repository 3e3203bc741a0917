-- monthly_count.course_wait
-- Grain: one row per provider, month of first treatment, pathway and days waited: treatments that began.
CREATE TABLE monthly_count.course_wait AS
SELECT
    provider, CAST(date_trunc('month', first_treatment_on) AS DATE) AS month, pathway,
    wait_to_first_treatment_days AS wait_days, count(*) AS people
FROM core.pathway
WHERE wait_to_first_treatment_days >= 0
GROUP BY provider, CAST(date_trunc('month', first_treatment_on) AS DATE), pathway, wait_to_first_treatment_days

-- Columns of monthly_count.course_wait: How long people waited for treatment: one row per provider, month of first
--     treatment, pathway and wait.
--   provider, key: ODS code of the provider as submitted.
--   month [month], key: First day of the month of the first treatment contact.
--   pathway, key: Pathway code.
--   wait_days [days], key: From referral to first treatment contact.
--   people: People whose treatment began.
