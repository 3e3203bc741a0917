-- work.recovery
-- Grain: one row per referral: PHQ-9 and the anxiety measure side by side, and what the
-- pair says. Three-valued logic carries caseness: a case on either is a case; below on both is none; below on
-- one with the other missing is neither. Change needs both paired: better on one and not worse on the other.
CREATE MACRO change_of_both(one, other) AS CASE
    WHEN coalesce(one, 'unpaired') = 'unpaired' OR coalesce(other, 'unpaired') = 'unpaired' THEN 'unpaired'
    WHEN (one = 'improved' AND other <> 'deteriorated') OR (other = 'improved' AND one <> 'deteriorated')
        THEN 'improved'
    WHEN (one = 'deteriorated' AND other <> 'improved') OR (other = 'deteriorated' AND one <> 'improved')
        THEN 'deteriorated'
    ELSE 'no change'
END;

CREATE TABLE work.recovery AS
WITH sided AS (
    SELECT
        r.referral_number,
        p.first_score AS phq9_first, p.last_score AS phq9_last, coalesce(p.is_paired, false) AS is_phq9_paired,
        p.is_case_first AS phq9_case_first, p.is_in_recovery_last AS is_phq9_in_recovery,
        p.reliable_change AS phq9_change,
        g.first_score AS gad7_first, g.last_score AS gad7_last,
        x.instrument AS anxiety_measure, a.first_score AS anxiety_first, a.last_score AS anxiety_last,
        coalesce(a.is_paired, false) AS is_anxiety_paired, a.is_case_first AS anxiety_case_first,
        a.is_in_recovery_last AS is_anxiety_in_recovery, a.reliable_change AS anxiety_change,
        coalesce(x.is_own_measure_paired, false) AS is_own_anxiety_measure_paired
    FROM work.referral AS r
    LEFT JOIN work.anxiety AS x ON x.referral_number = r.referral_number
    LEFT JOIN core.outcome AS p
        ON p.referral_number = r.referral_number AND p.role = 'depression'
    LEFT JOIN core.outcome AS g
        ON g.referral_number = r.referral_number AND g.role = 'anxiety'
    LEFT JOIN core.outcome AS a
        ON a.referral_number = x.referral_number
        AND a.instrument = x.instrument
)
SELECT
    referral_number, phq9_first, phq9_last, gad7_first, gad7_last, anxiety_measure, anxiety_first,
    anxiety_last, is_phq9_paired, is_anxiety_paired, is_phq9_paired AND is_anxiety_paired AS is_paired,
    is_own_anxiety_measure_paired,
    phq9_case_first OR anxiety_case_first AS is_case_first,
    coalesce(is_phq9_in_recovery AND is_anxiety_in_recovery, false) AS is_below_both_last,
    change_of_both(phq9_change, anxiety_change) AS reliable_change
FROM sided
