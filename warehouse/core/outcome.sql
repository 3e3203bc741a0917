-- core.outcome
-- Grain: one row per provider, service request and instrument with at least one score that counts.
-- gain is the change in the good direction of the scale. Reliable change needs a published threshold;
-- caseness a cut-off; both are in ref.instrument with their sources.
CREATE TABLE core.outcome AS
WITH paired AS (
    SELECT
        referral_number, position,
        count(*) AS scores,
        arg_min(score, score_order) AS first_score,
        min(scored_on) AS first_on,
        CASE WHEN count(*) > 1 THEN arg_max(score, score_order) END AS last_score,
        CASE WHEN count(*) > 1 THEN max(scored_on) END AS last_on
    FROM work.counted_score
    GROUP BY referral_number, position
),
judged AS (
    SELECT
        p.*, i.instrument, i.role, i.pathways, i.caseness, i.caseness_test, i.reliable_change AS threshold,
        p.last_score IS NOT NULL AS is_paired,
        CASE i.direction WHEN 'higher' THEN p.last_score - p.first_score ELSE p.first_score - p.last_score END
            AS gain
    FROM paired AS p
    INNER JOIN ref.instrument AS i ON i.position = p.position
)
SELECT
    j.referral_number, r.provider, r.service_request_id, r.pathway, j.instrument, j.role, j.scores, j.first_score, j.first_on,
    j.last_score, j.last_on, j.is_paired, j.gain,
    CASE
        WHEN NOT j.is_paired THEN 'unpaired'
        WHEN j.threshold IS NULL THEN 'no threshold'
        WHEN j.gain >= j.threshold THEN 'improved'
        WHEN j.gain <= -j.threshold THEN 'deteriorated'
        ELSE 'no change'
    END AS reliable_change,
    CASE j.caseness_test
        WHEN '>=' THEN j.first_score >= j.caseness
        WHEN '>' THEN j.first_score > j.caseness
        WHEN '<' THEN j.first_score < j.caseness
    END AS is_case_first,
    CASE j.caseness_test
        WHEN '>=' THEN j.last_score >= j.caseness
        WHEN '>' THEN j.last_score > j.caseness
        WHEN '<' THEN j.last_score < j.caseness
    END AS is_case_last,
    coalesce(j.pathways LIKE '%' || r.pathway || '%', false) AS is_in_battery,
    j.position
FROM judged AS j
INNER JOIN work.referral AS r ON r.referral_number = j.referral_number
