-- published.therapy_change
-- Grain: one row per financial year, organisation, problem, therapy and instrument with a published mean or effect.
-- The effect size is (mean first - mean last) / England's SD of first scores for the same problem, therapy and year, at
-- every level. All four numbers are published to one decimal: what rounding leaves open is effect_lowest to
-- effect_highest, and the published effect size lies within for every one of them.
CREATE OR REPLACE VIEW published.therapy_change AS
WITH value_of AS (
    SELECT
        financial_year, period_start, org_type, org_code, org_name, variable_a AS problem, variable_b AS therapy,
        CASE measure_name WHEN 'phq' THEN 'PHQ9' WHEN 'gad' THEN 'GAD7' WHEN 'wsas' THEN 'WSAS' END AS instrument,
        max(value) FILTER (WHERE statistic = 'mean' AND measure_time = 'start') AS mean_first,
        max(value) FILTER (WHERE statistic = 'sd' AND measure_time = 'start') AS sd_first,
        max(value) FILTER (WHERE statistic = 'mean' AND measure_time = 'end') AS mean_last,
        max(value) FILTER (WHERE statistic = 'sd' AND measure_time = 'end') AS sd_last,
        max(value) FILTER (WHERE statistic = 'effect_size') AS effect_size
    FROM published.proms_annual
    WHERE measure_name IN ('phq', 'gad', 'wsas') AND value IS NOT NULL
    GROUP BY financial_year, period_start, org_type, org_code, org_name, variable_a, variable_b, measure_name
),
beside AS (
    SELECT v.*, nullif(e.sd_first, 0) AS national_sd_first, v.mean_first - v.mean_last AS gain
    FROM value_of AS v
    LEFT JOIN value_of AS e
        ON e.org_type = 'England' AND e.financial_year = v.financial_year AND e.problem = v.problem
        AND e.therapy = v.therapy AND e.instrument = v.instrument
)
SELECT
    financial_year, period_start, org_type, org_code, org_name, problem, therapy, instrument, mean_first, sd_first,
    mean_last, sd_last, national_sd_first, effect_size, gain / national_sd_first AS effect_from_means,
    least((gain - 0.1) / (national_sd_first - 0.05), (gain - 0.1) / (national_sd_first + 0.05)) - 0.05
        AS effect_lowest,
    greatest((gain + 0.1) / (national_sd_first - 0.05), (gain + 0.1) / (national_sd_first + 0.05)) + 0.05
        AS effect_highest
FROM beside

-- Columns of published.therapy_change: NHS England's annual outcome measures by therapy and problem, one row per
--     organisation, year, problem, therapy and instrument, and the effect size from its published parts.
--   financial_year [YYYY-YY]: Financial year, April to March.
--   period_start [date], key: First day of the period.
--   org_type, key: Kind of organisation: England, Commissioning Region, CCG, SubICB, Provider.
--   org_code, key: ODS code, or All.
--   org_name, key: Name of the organisation in that year.
--   problem, key: Problem descriptor as published.
--   therapy, key: Type of therapy as published.
--   instrument, key: PHQ9, GAD7 or WSAS.
--   mean_first [points]: Mean first score, to one decimal.
--   sd_first [points]: Standard deviation of first scores, to one decimal.
--   mean_last [points]: Mean last score, to one decimal.
--   sd_last [points]: Standard deviation of last scores, to one decimal.
--   national_sd_first [points]: England's sd_first for the same problem, therapy and year.
--   effect_size [SD]: Effect size as published, to one decimal; NULL where it was suppressed.
--   effect_from_means [SD]: The same from the published means: (mean_first - mean_last) / national_sd_first.
--   effect_lowest [SD]: Least published effect size that rounded means and standard deviation allow.
--   effect_highest [SD]: Greatest published effect size that they allow.
