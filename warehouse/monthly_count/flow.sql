-- monthly_count.flow
-- Grain: one row per provider, commissioner, month reported, pathway, step of care and line of mart.flow.
-- Who is there is counted at the month end, as in work.caseload: received, not discharged, submitted for that month.
-- Who came and went is counted by the days of the spells (core.step_of_care), in months reported, as all measures.
-- The two differ by those who should be there and are not submitted: hidden. Who was hidden at the last month end and
-- is not now came in by the line of the cause; who is hidden now and was not went out by it. So these lines follow from
-- the months that were submitted, person by person, and not from a difference of sums. The sums must agree.
CREATE TABLE monthly_count.flow AS
WITH spell AS (
    SELECT
        s.provider, coalesce(p.commissioner, 'unknown') AS commissioner, p.pathway, s.spell, s.is_waiting, s.step,
        s.from_on, s.to_on, s.ended_by, s.next_step
    FROM core.step_of_care AS s
    INNER JOIN core.pathway AS p ON p.referral_number = s.referral_number
),
event AS (
    SELECT provider, commissioner, from_on AS happened_on, pathway, step,
        CASE WHEN is_waiting THEN 'referred' ELSE 'treatment_started' END AS line
    FROM spell
    WHERE spell <= 2
    UNION ALL
    SELECT provider, commissioner, to_on, pathway, step, CASE ended_by WHEN 'started' THEN 'waiting_started'
        WHEN 'left' THEN 'waiting_left' WHEN 'ended' THEN 'treatment_ended' WHEN 'step known' THEN 'step_known_out'
        ELSE 'stepped_out' END
    FROM spell
    WHERE to_on IS NOT NULL
    UNION ALL
    SELECT provider, commissioner, to_on, pathway, next_step,
        CASE WHEN ended_by = 'step known' THEN 'step_known_in' ELSE 'stepped_in' END
    FROM spell
    WHERE next_step IS NOT NULL AND NOT is_waiting
),
hidden AS (
    SELECT referral_number, provider, commissioner, month, pathway, step, is_waiting, cause, -1 AS people
    FROM work.listed
    WHERE cause NOT IN ('submitted', 'gap')
    UNION ALL
    SELECT l.referral_number, l.provider, l.commissioner, r.month, l.pathway, l.step, l.is_waiting, l.cause, 1
    FROM work.listed AS l
    INNER JOIN core.reported_month AS r
        ON r.provider = l.provider AND r.month = CAST(l.month + INTERVAL 1 MONTH AS DATE)
    WHERE l.cause <> 'submitted'
),
-- One hidden at two month ends, in the same step and for the same cause, is neither in nor out.
moved AS (
    SELECT provider, commissioner, month, pathway, step, is_waiting, cause, sum(people) AS people
    FROM hidden
    GROUP BY referral_number, provider, commissioner, month, pathway, step, is_waiting, cause
),
counted AS (
    SELECT e.provider, e.commissioner, r.month, e.pathway, e.step, e.line
    FROM event AS e
    INNER JOIN core.reported_month AS r
        ON r.provider = e.provider AND r.month = CAST(date_trunc('month', e.happened_on) AS DATE)
    UNION ALL
    SELECT provider, commissioner, month, pathway, step,
        CASE WHEN is_waiting THEN 'waiting_at_end' ELSE 'treatment_at_end' END
    FROM work.listed
    WHERE cause = 'submitted'
    UNION ALL
    SELECT provider, commissioner, month, pathway, step,
        CASE WHEN is_waiting THEN 'waiting_' ELSE 'treatment_' END || cause || CASE WHEN people > 0 THEN '_in'
            ELSE '_out' END
    FROM moved
    WHERE people <> 0
)
SELECT provider, commissioner, month, pathway, step, line, count(*) AS referrals
FROM counted
GROUP BY provider, commissioner, month, pathway, step, line

-- Columns of monthly_count.flow: Who waits and who is in treatment, who came and who went: behind mart.flow.
--   provider, key: ODS code of the provider.
--   commissioner, key: ODS code of the commissioner of the referral; 'unknown' when none was given.
--   month [month], key: First day of the month reported.
--   pathway, key: Pathway code.
--   step, key: Step of care (core.step_of_care).
--   line, key: What they did, or where they are: a column of mart.flow. Lines of 0 have no row; those of a start, and
--       of a month that was not submitted, are made in mart.flow.
--   referrals: Referrals.
