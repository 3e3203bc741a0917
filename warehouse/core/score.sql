-- core.score
-- Grain: one row per submitted score (606 referral, 607 activity), whether or not it counts (work.counted_score).
CREATE VIEW core.score AS
SELECT
    j.referral_number, j.provider, j.source, j.month, j.row_number, j.service_request_id,
    j.care_activity_id, j.tool, j.instrument, j.submitted_score, j.score, j.scored_on, j.scored_at, j.timepoint,
    j.is_valid, j.is_follow_up, j.is_in_episode, o.score_number IS NOT NULL AS is_counted, o.score_order
FROM work.judged_score AS j
LEFT JOIN work.counted_score AS o ON o.score_number = j.score_number
