-- mart.instrument_change
-- Grain: one row per level, organisation, period, pathway and instrument with paired scores of closed referrals.
-- A provider that has been merged counts in its successor (ref.provider_place), as in every mart.
-- Only referrals closed with two or more attended contacts, as in the national metric of community services.
-- effect_size is the mean gain in SDs of England's first scores in the same period (Cohen's d against baseline):
-- one scale for all services, so that a service with similar patients does not look better. Positive is better.
CREATE TABLE mart.instrument_change AS
WITH monthly AS (
    SELECT
        l.current_provider AS provider, o.pathway, o.instrument, s.month, count(*) AS pairs,
        sum(o.first_score) AS first_total, sum(o.first_score * o.first_score) AS first_squares,
        sum(o.last_score) AS last_total, sum(o.gain) AS gain_total,
        count(*) FILTER (WHERE o.reliable_change = 'improved') AS improved,
        count(*) FILTER (WHERE o.reliable_change = 'no change') AS unchanged,
        count(*) FILTER (WHERE o.reliable_change = 'deteriorated') AS deteriorated,
        count(*) FILTER (WHERE o.reliable_change = 'no threshold') AS without_threshold
    FROM core.outcome AS o
    INNER JOIN ref.provider_place AS l ON l.provider = o.provider
    INNER JOIN core.pathway AS p ON p.provider = o.provider AND p.service_request_id = o.service_request_id
    INNER JOIN core.reported_month AS s
        ON s.provider = p.provider AND s.month = CAST(date_trunc('month', p.discharged_on) AS DATE)
    WHERE o.is_paired AND p.is_discharged AND p.attended_contacts >= 2
    GROUP BY l.current_provider, o.pathway, o.instrument, s.month
),
added AS (
    SELECT
        CASE WHEN grouping(m.provider) = 1 THEN 'England' ELSE 'provider' END AS level,
        CASE WHEN grouping(m.provider) = 1 THEN 'ENG' ELSE m.provider END AS organisation,
        t.period_type, t.period_start,
        CASE WHEN grouping(m.pathway) = 1 THEN 'all' ELSE m.pathway END AS pathway, m.instrument,
        CAST(sum(m.pairs) AS BIGINT) AS pairs, sum(m.first_total) AS first_total,
        sum(m.first_squares) AS first_squares, sum(m.last_total) AS last_total, sum(m.gain_total) AS gain_total,
        CAST(sum(m.improved) AS BIGINT) AS improved, CAST(sum(m.unchanged) AS BIGINT) AS unchanged,
        CAST(sum(m.deteriorated) AS BIGINT) AS deteriorated,
        CAST(sum(m.without_threshold) AS BIGINT) AS without_threshold
    FROM monthly AS m
    INNER JOIN work.care_period AS t ON t.month = m.month
    GROUP BY GROUPING SETS (
        (t.period_type, t.period_start, m.instrument, m.provider, m.pathway),
        (t.period_type, t.period_start, m.instrument, m.provider),
        (t.period_type, t.period_start, m.instrument, m.pathway),
        (t.period_type, t.period_start, m.instrument)
    )
)
SELECT
    'submitted' AS source, a.level, a.organisation, a.period_type, a.period_start, a.pathway, a.instrument, a.pairs,
    a.first_total, a.last_total, a.gain_total, a.first_total / a.pairs AS mean_first,
    a.last_total / a.pairs AS mean_last, a.gain_total / a.pairs AS mean_gain,
    mart.standard_deviation(e.pairs, e.first_total, e.first_squares) AS national_sd_first,
    a.gain_total / a.pairs
        / nullif(mart.standard_deviation(e.pairs, e.first_total, e.first_squares), 0) AS effect_size,
    a.improved, a.unchanged, a.deteriorated, a.without_threshold
FROM added AS a
INNER JOIN added AS e
    ON e.level = 'England' AND e.period_type = a.period_type AND e.period_start = a.period_start
    AND e.pathway = a.pathway AND e.instrument = a.instrument

-- Columns of mart.instrument_change: One row per level, organisation, period, pathway and instrument: how paired
--     scores of closed referrals with two attended contacts or more changed.
--   source, key: submitted: from the submissions.
--   level, key: England or provider.
--   organisation, key: ODS code of the provider as it is today; ENG for England.
--   period_type, key: financial year, rolling 12 months, or all months.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or all.
--   instrument, key: Short id of the instrument.
--   pairs: Paired instruments.
--   first_total [points]: Sum of first scores.
--   last_total [points]: Sum of last scores.
--   gain_total [points]: Sum of gains: change in the good direction of the scale.
--   mean_first [points]: Mean first score.
--   mean_last [points]: Mean last score.
--   mean_gain [points]: Mean gain; positive is better.
--   national_sd_first [points]: Standard deviation of England's first scores of the same period, pathway and
--       instrument; NULL for one pair.
--   effect_size [SD]: Mean gain over national_sd_first; positive is better. NULL without a spread.
--   improved: Pairs reliably improved.
--   unchanged: Pairs without reliable change.
--   deteriorated: Pairs reliably deteriorated.
--   without_threshold: Pairs of an instrument without a published threshold of reliable change.
