-- core.outcome
-- Grain: one row per provider, service request and instrument with at least one score that counts.
-- gain is the change in the good direction of the scale. Reliable change needs a published threshold, caseness
-- and recovery a cut-off: ref.instrument_cut_off has them with dates and sources. The first score is judged by
-- the cut-offs of its day, the last score and the change by those of the day of the last score (decision 0015).
CREATE MACRO holds_on(valid_from, valid_to, day) AS
    (valid_from IS NULL OR valid_from <= day) AND (valid_to IS NULL OR valid_to >= day);
CREATE MACRO is_case(test, score, cut_off) AS
    CASE test WHEN '>=' THEN score >= cut_off WHEN '>' THEN score > cut_off WHEN '<' THEN score < cut_off END;
CREATE MACRO is_in_recovery(test, score, cut_off) AS
    CASE test WHEN '>=' THEN score < cut_off WHEN '>' THEN score <= cut_off WHEN '<' THEN score >= cut_off END;
CREATE MACRO gain_of(direction, first_score, last_score) AS
    CASE direction WHEN 'higher' THEN last_score - first_score ELSE first_score - last_score END;
CREATE MACRO change_of(gain, threshold) AS
    CASE WHEN gain IS NULL THEN 'unpaired' WHEN threshold IS NULL THEN 'no threshold' WHEN gain >= threshold THEN 'improved'
        WHEN gain <= -threshold THEN 'deteriorated' ELSE 'no change' END;

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
        p.*, i.instrument, i.role, i.pathways, f.caseness AS first_caseness, f.caseness_test AS first_test,
        l.caseness AS last_caseness, l.caseness_test AS last_test, l.recovery_cut_off, l.reliable_change AS threshold,
        p.last_score IS NOT NULL AS is_paired,
        gain_of(i.direction, p.first_score, p.last_score) AS gain
    FROM paired AS p
    INNER JOIN ref.instrument AS i ON i.position = p.position
    LEFT JOIN ref.instrument_cut_off AS f
        ON f.position = p.position AND holds_on(f.valid_from, f.valid_to, p.first_on)
    LEFT JOIN ref.instrument_cut_off AS l
        ON l.position = p.position AND holds_on(l.valid_from, l.valid_to, p.last_on)
)
SELECT
    j.referral_number, r.provider, r.service_request_id, r.pathway, j.instrument, j.role, j.scores, j.first_score, j.first_on,
    j.last_score, j.last_on, j.is_paired, j.gain,
    change_of(j.gain, j.threshold) AS reliable_change,
    is_case(j.first_test, j.first_score, j.first_caseness) AS is_case_first,
    is_case(j.last_test, j.last_score, j.last_caseness) AS is_case_last,
    is_in_recovery(j.last_test, j.last_score, j.recovery_cut_off) AS is_in_recovery_last,
    coalesce(j.pathways LIKE '%' || r.pathway || '%', false) AS is_in_battery,
    j.position
FROM judged AS j
INNER JOIN work.referral AS r ON r.referral_number = j.referral_number

-- Columns of core.outcome: One row per service request and instrument with a score that counts: first score, last
--     score and change.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   pathway: Pathway code (ref.pathway): as submitted, else derived.
--   instrument, key: Short id of the instrument.
--   role: depression, anxiety, adsm (anxiety-disorder measure), prom, prem (experience) or other.
--   scores: Days with a score that counts.
--   first_score [points]: Score of the first day.
--   first_on [date]: Day of the first score.
--   last_score [points]: Score of the last day; NULL unless there are two days.
--   last_on [date]: Day of the last score; NULL unless there are two days.
--   is_paired: Whether there is a first and a later score.
--   gain [points]: Change in the good direction of the scale: positive is better. NULL unless paired.
--   reliable_change: improved, deteriorated, no change, unpaired; no threshold when none is published.
--   is_case_first: Whether the first score is beyond the cut-off; NULL without a cut-off.
--   is_case_last: Whether the last score is beyond the cut-off; NULL without a cut-off or unpaired.
--   is_in_recovery_last: Whether the last score meets the recovery cut-off; NULL without a
--       cut-off or unpaired.
--   is_in_battery: Whether the instrument belongs to the measures of the pathway.
--   position: Place in the catalogue.
