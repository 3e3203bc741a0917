-- work.anxiety
-- Grain: one row per referral with an anxiety score: the measure used for anxiety.
-- The measure of the problem descriptor when it is paired, else GAD-7 (Clark 2018, table T2); an
-- unpaired measure of the descriptor is used only without any GAD-7 score.
CREATE TABLE work.anxiety AS
WITH candidate AS (
    SELECT o.referral_number, o.instrument, o.position,
        CASE WHEN o.is_paired THEN 1 ELSE 3 END AS preference
    FROM core.outcome AS o
    INNER JOIN work.referral AS c ON c.referral_number = o.referral_number
    INNER JOIN ref.adsm AS a
        ON a.instrument = o.instrument AND starts_with(c.complaint, a.complaint_prefix)
    WHERE o.is_case_first IS NOT NULL AND o.reliable_change <> 'no threshold'
    UNION ALL
    SELECT referral_number, instrument, position, 2
    FROM core.outcome
    WHERE role = 'anxiety'
)
SELECT
    referral_number,
    arg_min(instrument, preference * 10000 + position) AS instrument,
    min(preference) = 1 AS is_own_measure_paired
FROM candidate
GROUP BY referral_number
