-- monthly_count.score_by_occasion
-- Grain: one row per provider, pathway, instrument and occasion, of all months: scores in order.
-- Counted by provider: joining the scores of all providers to their referrals took a second per build (5 M scores).
CREATE TABLE monthly_count.score_by_occasion AS
SELECT
    o.provider, o.pathway, o.instrument, s.score_order AS occasion, count(*) AS scores, sum(s.score) AS total,
    sum(o.first_score) AS first_total
FROM core.outcome AS o
INNER JOIN core.pathway AS p ON p.referral_number = o.referral_number
INNER JOIN work.counted_score AS s ON s.referral_number = o.referral_number AND s.position = o.position
WHERE o.is_paired AND p.is_discharged AND p.attended_contacts >= 2
GROUP BY o.provider, o.pathway, o.instrument, s.score_order

-- Columns of monthly_count.score_by_occasion: Scores in order by provider: behind mart.score_by_occasion.
--   provider, key: ODS code of the provider as submitted.
--   pathway, key: Pathway code.
--   instrument, key: Short id of the instrument.
--   occasion, key: 1 is the first day with a score that counts.
--   scores: Scores of this occasion.
--   total [points]: Their sum.
--   first_total [points]: Sum of the first scores of the same referrals.
