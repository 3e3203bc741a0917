-- work.therapy_pair
-- Grain: one row per course of therapy and instrument with a score that counts, from its first to its last session.
-- Published first scores are lower where another therapy came before: they are those of the therapy.
CREATE TABLE work.therapy_pair AS
SELECT
    c.referral_number, c.therapy_type, s.position, arg_min(s.score, s.score_order) AS first_score,
    min(s.scored_on) AS first_on, CASE WHEN count(*) > 1 THEN arg_max(s.score, s.score_order) END AS last_score,
    CASE WHEN count(*) > 1 THEN max(s.scored_on) END AS last_on
FROM work.course_of_therapy AS c
INNER JOIN work.counted_score AS s
    ON s.referral_number = c.referral_number AND s.scored_on BETWEEN c.first_on AND c.last_on
GROUP BY c.referral_number, c.therapy_type, s.position
