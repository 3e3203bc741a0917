-- work.counted_score
-- Grain: one row per score that counts: valid for its instrument, within the episode and no follow-up; of one day
-- only the last recorded counts (a corrected score is no second occasion). score_order numbers the days 1, 2 ...
CREATE TABLE work.counted_score AS
WITH superseded AS (
    SELECT score_number
    FROM (
        SELECT
            s.score_number, row_number() OVER (
                PARTITION BY s.referral_number, s.position, s.scored_on
                ORDER BY s.scored_at DESC NULLS LAST, s.source, s.month DESC, s.row_number DESC
            ) AS rank_in_day
        FROM work.judged_score AS s
        INNER JOIN (
            SELECT referral_number, position, scored_on
            FROM work.judged_score
            WHERE can_count
            GROUP BY referral_number, position, scored_on
            HAVING count(*) > 1
        ) AS twice
            ON twice.referral_number = s.referral_number AND twice.position = s.position
            AND twice.scored_on = s.scored_on
        WHERE s.can_count
    ) AS ranked
    WHERE rank_in_day > 1
)
SELECT
    j.score_number, j.referral_number, j.position, j.score, j.scored_on,
    row_number() OVER (PARTITION BY j.referral_number, j.position ORDER BY j.scored_on) AS score_order
FROM work.judged_score AS j
LEFT JOIN superseded AS x ON x.score_number = j.score_number
WHERE j.can_count AND x.score_number IS NULL
