-- mart.field_quality
-- Grain: one row per provider, month or rolling year, table, element and aspect: compared like any measure.
-- Each row also has the middle half of services: 98 % is low if most services have 99 %.
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
    c.national_value, c.national_value_without, c.months, c.months_submitted, c.services, s.lower_quartile,
    s.upper_quartile, c.funnel_position_adjusted, c.z_adjusted, c.funnel_position, c.comparison, c.why_not
FROM mart.quality_item AS i
INNER JOIN mart.service_comparison AS c ON c.measure = i.measure AND c.source = 'data quality'
LEFT JOIN spread AS s
    ON s.measure = i.measure AND s.period_type = c.period_type AND s.period_start = c.period_start

-- Columns of mart.field_quality: Data quality of services compared: mart.service_comparison of every item, with
--     the element it is about.
--   table_id, key: Table of the dataset, or submission for submissions as a whole.
--   element, key: Element of the table.
--   aspect, key: complete, known, valid or in time.
--   provider, key: ODS code of the provider as it is today.
--   provider_name: Name of the provider.
--   period_type, key: month or rolling 12 months.
--   period_start [date], key: First day of the period.
--   measure: Id of the item (mart.quality_item).
--   title: Name of the element in the NHS Data Dictionary.
--   numerator [rows]: Records that are complete, known or valid; months submitted or in time.
--   denominator [rows]: Records it is counted of; months expected or submitted.
--   state: value; no denominator (nothing to count); not submitted.
--   value [share]: numerator / denominator of this row.
--   lower_95 [share]: Lower Wilson limit, 95 %.
--   upper_95 [share]: Upper Wilson limit, 95 %.
--   lower_998 [share]: Lower Wilson limit, 99.8 %.
--   upper_998 [share]: Upper Wilson limit, 99.8 %.
--   national_value [share]: England's share, this provider included.
--   national_value_without [share]: England's share without this provider.
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period the service submitted.
--   services: Services compared.
--   lower_quartile [share]: A quarter of services have this share or less.
--   upper_quartile [share]: A quarter of services have this share or more.
--   funnel_position_adjusted: The position to read first: against limits that allow for the spread between services;
--       NULL where too few services or records can be compared, or months are missing.
--   z_adjusted: Standard errors from England's share, spread between services allowed for.
--   funnel_position: Position against the limits of chance alone.
--   comparison: full, with caution, or descriptive (mart.service_comparison).
--   why_not: Why the comparison is not full.
