-- work.battery
-- Grain: one row per referral with a score: change over all measures of its pathway.
-- NHS England's rule for several measures (menh_bbrb cyp_outcomes): any deterioration is deterioration; else
-- any improvement is improvement; else no change. Only paired measures with a reliable-change threshold count.
CREATE TABLE work.battery AS
SELECT
    referral_number,
    count(*) FILTER (WHERE is_in_battery AND is_paired) AS paired_measures,
    CASE
        WHEN count(*) FILTER (WHERE is_in_battery AND reliable_change = 'deteriorated') > 0 THEN 'deteriorated'
        WHEN count(*) FILTER (WHERE is_in_battery AND reliable_change = 'improved') > 0 THEN 'improved'
        WHEN count(*) FILTER (WHERE is_in_battery AND reliable_change = 'no change') > 0 THEN 'no change'
        ELSE 'unpaired'
    END AS overall_change
FROM core.outcome
GROUP BY referral_number
