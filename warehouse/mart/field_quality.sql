-- mart.field_quality
-- Grain: one row per provider, month or rolling year, table, element and aspect: compared like any measure.
-- The middle half of services stands beside each, so that 98 % can be seen to be low where most have 99.
CREATE VIEW mart.field_quality AS
WITH spread AS (
    SELECT
        period_type, period_start, measure, mart.quantile_7(value, 0.25) AS lower_quartile,
        mart.quantile_7(value, 0.75) AS upper_quartile
    FROM mart.provider_figure
    WHERE source = 'data quality' AND provider <> 'ENG' AND state = 'value'
    GROUP BY period_type, period_start, measure
)
SELECT
    i.table_id, i.element, i.aspect, c.provider, c.provider_name, c.period_type, c.period_start, i.measure, i.title,
    c.numerator, c.denominator, c.state, c.value, c.lower_95, c.upper_95, c.lower_998, c.upper_998,
    c.national_value, c.national_value_without, c.services, s.lower_quartile, s.upper_quartile, c.funnel_position,
    c.z_adjusted, c.comparison, c.why_not
FROM mart.quality_item AS i
INNER JOIN mart.service_comparison AS c ON c.measure = i.measure AND c.source = 'data quality'
LEFT JOIN spread AS s
    ON s.measure = i.measure AND s.period_type = c.period_type AND s.period_start = c.period_start
