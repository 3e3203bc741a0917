-- mart.therapy_change
-- Grain: one row per level, organisation, year, problem descriptor, type of therapy and instrument.
-- The layout of NHS England's annual outcome measures by therapy (published.therapy_change) on submitted data.
-- effect_size is the mean gain over England's SD of first scores for the same problem, therapy and period: one scale
-- for all services. Positive is better. Sums are exact; means and SDs are made of them last.
CREATE TABLE mart.therapy_change AS
WITH periodic AS (
    SELECT
        m.provider, m.commissioner, t.period_type, t.period_start, m.problem, m.therapy_type, m.instrument,
        sum(m.pairs) AS pairs, sum(m.first_total) AS first_total, sum(m.first_squares) AS first_squares,
        sum(m.last_total) AS last_total, sum(m.last_squares) AS last_squares
    FROM monthly_count.therapy_change AS m
    INNER JOIN work.care_period AS t ON t.month = m.month
    GROUP BY
        m.provider, m.commissioner, t.period_type, t.period_start, m.problem, m.therapy_type, m.instrument
),
added AS (
    SELECT
        level, organisation, period_type, period_start,
        CASE WHEN grouping(problem) = 1 THEN 'all' ELSE problem END AS problem, therapy_type, instrument,
        CAST(sum(pairs) AS BIGINT) AS pairs, sum(first_total) AS first_total, sum(first_squares) AS first_squares,
        sum(last_total) AS last_total, sum(last_squares) AS last_squares
    FROM periodic
    INNER JOIN work.commissioned_place USING (provider, commissioner)
    GROUP BY GROUPING SETS (
        (level, organisation, period_type, period_start, therapy_type, instrument, problem),
        (level, organisation, period_type, period_start, therapy_type, instrument)
    )
)
SELECT
    'submitted' AS source, a.level, a.organisation, a.period_type, a.period_start, a.problem, a.therapy_type,
    a.instrument, c.pairs AS courses, a.pairs, a.first_total, a.last_total, a.first_total / a.pairs AS mean_first,
    mart.standard_deviation(a.pairs, a.first_total, a.first_squares) AS sd_first,
    a.last_total / a.pairs AS mean_last,
    mart.standard_deviation(a.pairs, a.last_total, a.last_squares) AS sd_last,
    mart.standard_deviation(e.pairs, e.first_total, e.first_squares) AS national_sd_first,
    CASE i.direction WHEN 'higher' THEN a.last_total - a.first_total ELSE a.first_total - a.last_total END / a.pairs
        / nullif(mart.standard_deviation(e.pairs, e.first_total, e.first_squares), 0) AS effect_size
FROM added AS a
INNER JOIN added AS e
    ON e.level = 'England' AND e.period_type = a.period_type AND e.period_start = a.period_start
    AND e.problem = a.problem AND e.therapy_type = a.therapy_type AND e.instrument = a.instrument
INNER JOIN added AS c
    ON c.instrument = 'any' AND c.level = a.level AND c.organisation = a.organisation
    AND c.period_type = a.period_type AND c.period_start = a.period_start AND c.problem = a.problem
    AND c.therapy_type = a.therapy_type
INNER JOIN ref.instrument AS i ON i.instrument = a.instrument

-- Columns of mart.therapy_change: Change during each type of therapy, by problem: one row per organisation, year,
--     problem descriptor, type of therapy and instrument with paired scores.
--   source, key: submitted: from the submissions.
--   level, key: England, region, ICB, sub-ICB (by commissioner) or provider.
--   organisation, key: Code of the organisation (ref.organisation); ENG is England.
--   period_type, key: financial year, rolling 12 months, or all months, by day of discharge.
--   period_start [date], key: First day of the period.
--   problem, key: Problem descriptor (mart.breakdown_group), or all.
--   therapy_type, key: Type of therapy (ref.code therapy_type).
--   instrument, key: Short id of the instrument.
--   courses: Courses of therapy: two sessions or more of it, within a finished course of treatment.
--   pairs: Of these, with two scores on the instrument from the first to the last session of the therapy.
--   first_total [points]: Sum of first scores.
--   last_total [points]: Sum of last scores.
--   mean_first [points]: Mean first score.
--   sd_first [points]: Standard deviation of first scores; NULL for one pair.
--   mean_last [points]: Mean last score.
--   sd_last [points]: Standard deviation of last scores; NULL for one pair.
--   national_sd_first [points]: England's standard deviation of first scores for the same problem, therapy and period.
--   effect_size [SD]: Mean gain over national_sd_first; positive is better. NULL without a spread.
