-- work.circumstance
-- Grain: one row per referral whose person has a social or personal circumstance recorded by
-- the day of discharge: later records do not change a pathway that has ended. No order of importance is
-- published, so several circumstances are "more than one". Religion and sexual orientation are not counted as
-- such.
CREATE TABLE work.circumstance AS
WITH grouped AS (
    SELECT s.provider, s.person_id, coalesce(s.recorded_on, s.first_month) AS known_since,
        coalesce(g.concept, 'social_circumstance') AS concept, coalesce(g.group_code, 'other') AS group_code
    FROM core.social_circumstance AS s
    LEFT JOIN ref.code_group AS g
        ON g.code = s.circumstance AND g.concept IN ('social_circumstance', 'sexual_orientation', 'religion')
)
SELECT
    p.referral_number,
    CASE
        WHEN min(g.group_code) FILTER (WHERE g.concept = 'social_circumstance')
            < max(g.group_code) FILTER (WHERE g.concept = 'social_circumstance') THEN 'more than one'
        ELSE min(g.group_code) FILTER (WHERE g.concept = 'social_circumstance')
    END AS social_circumstance,
    -- The latest speaks; of one day the last in the alphabet. The date takes the first ten characters.
    substr(max(CAST(g.known_since AS VARCHAR) || g.group_code) FILTER (WHERE g.concept = 'sexual_orientation'), 11)
        AS sexual_orientation,
    count(*) FILTER (WHERE g.concept = 'religion') > 0 AS has_religion
FROM core.pathway AS p
INNER JOIN grouped AS g
    ON g.provider = p.provider AND g.person_id = p.person_id
    AND (p.discharged_on IS NULL OR g.known_since <= p.discharged_on)
GROUP BY p.referral_number
