-- work.score_count
-- Grain: one row per period, pathway ('all': together), instrument, kind of score and value: how many people had it.
-- Of referrals closed with two attended contacts or more, as in mart.instrument_change: first: everybody measured;
-- last and gain: those paired. A referral counts by its discharge, in the months that its provider submitted.
CREATE TABLE work.score_count AS
WITH closed AS (
    SELECT o.pathway, o.instrument, s.month, o.first_score, o.last_score, o.gain, o.is_paired
    FROM core.outcome AS o
    INNER JOIN core.pathway AS p ON p.provider = o.provider AND p.service_request_id = o.service_request_id
    INNER JOIN core.submission AS s
        ON s.provider = p.provider AND s.month = CAST(date_trunc('month', p.discharged_on) AS DATE)
    WHERE p.is_discharged AND p.attended_contacts >= 2 AND o.first_score IS NOT NULL
),
valued AS (
    SELECT pathway, instrument, month, 'first' AS kind, first_score AS score, count(*) AS people
    FROM closed
    GROUP BY ALL
    UNION ALL
    SELECT pathway, instrument, month, 'last', last_score, count(*)
    FROM closed
    WHERE is_paired
    GROUP BY ALL
    UNION ALL
    SELECT pathway, instrument, month, 'gain', gain, count(*)
    FROM closed
    WHERE is_paired
    GROUP BY ALL
)
SELECT
    t.period_type, t.period_start, CASE WHEN grouping(v.pathway) = 1 THEN 'all' ELSE v.pathway END AS pathway,
    v.instrument, v.kind, v.score, CAST(sum(v.people) AS BIGINT) AS people
FROM valued AS v
INNER JOIN work.care_period AS t ON t.month = v.month
GROUP BY GROUPING SETS (
    (t.period_type, t.period_start, v.instrument, v.kind, v.score, v.pathway),
    (t.period_type, t.period_start, v.instrument, v.kind, v.score)
)
