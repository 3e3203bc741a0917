-- work.anxiety
-- Grain: one row per provider and service request with an anxiety score: the measure that speaks for anxiety.
-- The measure of the problem descriptor when it is paired, else GAD-7 (Clark 2018, table T2); only where there
-- is no GAD-7 score at all does an unpaired measure of the descriptor stand.
CREATE TABLE work.anxiety AS
WITH candidate AS (
    SELECT o.provider, o.service_request_id, o.instrument, o.position,
        CASE WHEN o.is_paired THEN 1 ELSE 3 END AS preference
    FROM core.outcome AS o
    INNER JOIN core.complaint AS c
        ON c.provider = o.provider AND c.service_request_id = o.service_request_id
    INNER JOIN ref.adsm AS a
        ON a.instrument = o.instrument AND starts_with(c.complaint, a.complaint_prefix)
    WHERE o.is_case_first IS NOT NULL AND o.reliable_change <> 'no threshold'
    UNION ALL
    SELECT provider, service_request_id, instrument, position, 2
    FROM core.outcome
    WHERE role = 'anxiety'
)
SELECT
    provider, service_request_id,
    arg_min(instrument, preference * 10000 + position) AS instrument,
    min(preference) = 1 AS is_own_measure_paired
FROM candidate
GROUP BY provider, service_request_id
