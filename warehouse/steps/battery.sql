-- work.battery
-- Grain: one row per referral with a score: how many measures of its pathway are paired, and change on the main one.
-- Measures are not combined. A rule over several (menh_bbrb cyp_outcomes: any deterioration is deterioration) makes
-- who measures more look worse: of 11 unchanged items with a threshold of 1, one falls by chance (decision 0027).
CREATE TABLE work.battery AS
SELECT
    o.referral_number, count(*) FILTER (WHERE o.is_in_battery AND o.is_paired) AS paired_measures,
    coalesce(max(o.reliable_change) FILTER (WHERE o.instrument = w.severity_measure), 'unpaired') AS main_change
FROM core.outcome AS o
INNER JOIN ref.pathway AS w ON w.pathway = o.pathway
GROUP BY o.referral_number
