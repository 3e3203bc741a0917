-- mart.score_by_occasion
-- Grain: one row per level, organisation, pathway, instrument and occasion: scores in order.
-- Of referrals closed with two attended contacts or more, and paired. A merged provider counts in its successor.
-- Occasion 1 is the first day with a score that counts. Who leaves early is in the first occasions only, so the
-- mean first score of those still in treatment is next to it. Comparing the two separates change from leaving.
CREATE TABLE mart.score_by_occasion AS
WITH added AS (
    SELECT
        CASE WHEN grouping(l.current_provider) = 1 THEN 'England' ELSE 'provider' END AS level,
        CASE WHEN grouping(l.current_provider) = 1 THEN 'ENG' ELSE l.current_provider END AS organisation,
        CASE WHEN grouping(s.pathway) = 1 THEN 'all' ELSE s.pathway END AS pathway, s.instrument, s.occasion,
        CAST(sum(s.scores) AS BIGINT) AS scores, sum(s.total) AS total, sum(s.first_total) AS first_total
    FROM monthly_count.score_by_occasion AS s
    INNER JOIN ref.provider_place AS l ON l.provider = s.provider
    GROUP BY GROUPING SETS (
        (s.instrument, s.occasion, l.current_provider, s.pathway), (s.instrument, s.occasion, l.current_provider),
        (s.instrument, s.occasion, s.pathway), (s.instrument, s.occasion)
    )
)
SELECT
    'submitted' AS source, level, organisation, pathway, instrument, occasion, scores, total,
    total / scores AS mean_score, first_total / scores AS mean_first_of_these
FROM added

-- Columns of mart.score_by_occasion: One row per level, organisation, pathway, instrument and occasion: mean score by
--     occasion, of paired instruments of closed referrals with two attended contacts or more.
--   source, key: submitted: from the submissions.
--   level, key: England or provider.
--   organisation, key: ODS code of the provider as it is today; ENG for England.
--   pathway, key: Pathway code, or all.
--   instrument, key: Short id of the instrument.
--   occasion, key: Number of the day with a score that counts, from 1.
--   scores: Scores of this occasion.
--   total [points]: Sum of the scores.
--   mean_score [points]: Mean score.
--   mean_first_of_these [points]: Mean first score of the same people: the mean if no score had changed.
