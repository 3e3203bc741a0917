-- monthly_count.wait
-- Grain: one row per provider, commissioner, month of referral, pathway, end of the wait and days waited.
-- Waits count from months of referral that were submitted: of people referred before, only those are known who still
-- waited when the provider began to submit. Who waits still has waited to the end of the last month that has them.
CREATE TABLE monthly_count.wait AS
WITH last_reported AS (
    SELECT provider, max(month) AS month
    FROM core.reported_month
    GROUP BY provider
),
waited AS (
    SELECT
        p.provider, coalesce(p.commissioner, 'unknown') AS commissioner, r.month, p.pathway,
        CASE
            WHEN s.ended_by = 'started' THEN s.next_step
            WHEN s.ended_by = 'left' THEN 'left'
            WHEN p.last_month < l.month THEN 'lost'
            ELSE 'waiting'
        END AS ended_by,
        date_diff('day', s.from_on, coalesce(s.to_on, last_day(p.last_month))) AS days
    FROM core.step_of_care AS s
    INNER JOIN core.pathway AS p ON p.referral_number = s.referral_number
    INNER JOIN core.reported_month AS r
        ON r.provider = p.provider AND r.month = CAST(date_trunc('month', p.received_on) AS DATE)
    INNER JOIN last_reported AS l ON l.provider = p.provider
    WHERE s.is_waiting
)
SELECT provider, commissioner, month, pathway, ended_by, days, count(*) AS referrals
FROM waited
-- Who is sent before the day of the referral has waited for no day yet.
WHERE days >= 0
GROUP BY provider, commissioner, month, pathway, ended_by, days

-- Columns of monthly_count.wait: How long people waited for the first treatment contact, and how it ended: behind
--     mart.waiting.
--   provider, key: ODS code of the provider.
--   commissioner, key: ODS code of the commissioner of the referral; 'unknown' when none was given.
--   month [month], key: First day of the month of referral.
--   pathway, key: Pathway code.
--   ended_by, key: Step in which treatment began (core.step_of_care); left: discharged before; waiting: waits still;
--       lost: no longer submitted, without a discharge.
--   days [days], key: Days from referral to the first treatment contact, to the discharge, or to the end of the last
--       month that has the referral.
--   referrals: Referrals.
