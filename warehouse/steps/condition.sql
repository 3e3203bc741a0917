-- work.condition
-- Grain: one row per referral with a long-term physical health condition.
CREATE TABLE work.condition AS
WITH recorded AS (
    SELECT DISTINCT p.referral_number, replace(c.condition_code, '.', '') AS code
    FROM core.long_term_condition AS c
    INNER JOIN core.pathway AS p ON p.provider = c.provider AND p.service_request_id = c.service_request_id
    WHERE c.condition_code IS NOT NULL
),
named AS (
    SELECT c.code, coalesce(min(g.group_code), 'other') AS group_code
    FROM (SELECT DISTINCT code FROM recorded) AS c
    LEFT JOIN ref.code_group AS g
        ON g.concept = 'long_term_condition'
        AND (g.code = c.code OR (g.match = 'prefix' AND starts_with(c.code, g.code)))
    GROUP BY c.code
)
SELECT
    r.referral_number, count(*) AS conditions,
    CASE WHEN min(n.group_code) = max(n.group_code) THEN min(n.group_code) ELSE 'more than one' END AS ltc_condition
FROM recorded AS r
INNER JOIN named AS n ON n.code = r.code
GROUP BY r.referral_number
