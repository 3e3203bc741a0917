-- mart.item_quality
-- Grain: one row per level (England, provider), organisation, month or rolling year, and required element with records.
-- Every record that should have a value is in one of five groups (VODIM): valid, other, default, invalid, missing.
-- other is a code that says the element does not apply, default one that says it is not known. National reports use
-- the same five names; that 'other' means this is recalled, not found.
CREATE TABLE mart.item_quality AS
WITH parted AS (
    SELECT
        CASE s.organisation WHEN 'ENG' THEN 'England' ELSE 'provider' END AS level, s.organisation, s.period_type,
        s.period_start, s.table_id, s.element, s.expected AS records,
        coalesce(s.not_applicable, 0) AS other, coalesce(s.not_known, 0) AS defaults, s.invalid,
        s.expected - s.complete AS missing, CAST(0 AS DECIMAL(5, 4)) AS default_threshold
    FROM work.quality_sum AS s
    INNER JOIN mart.quality_item AS i
        ON i.table_id = s.table_id AND i.element = s.element AND i.aspect = 'complete'
    WHERE s.expected > 0
)
SELECT
    level, organisation, period_type, period_start, table_id, element, records,
    records - other - defaults - invalid - missing AS valid, other, defaults, invalid, missing, default_threshold,
    CAST(mart.item_score(records, records - invalid - missing, defaults, default_threshold) AS DECIMAL(18, 12))
        AS score
FROM parted

-- Columns of mart.item_quality: Valid, other, default, invalid and missing values of each required element, and its
--     score in the Data Quality Maturity Index.
--   level, key: England or provider.
--   organisation, key: ODS code of the provider as it is today; ENG: England.
--   period_type, key: month or rolling 12 months. Of what is sent again every month a year is its last month.
--   period_start [date], key: First day of the period.
--   table_id, key: Table of the dataset.
--   element, key: Element of the table.
--   records [rows]: Records that should have a value: the sum of the five groups.
--   valid [rows]: With a value that is right as far as can be checked, and says something.
--   other [rows]: With a code for not applicable.
--   defaults [rows]: With a code for not known, not stated or not recorded.
--   invalid [rows]: With a value that is in no list of the month, or out of bounds.
--   missing [rows]: Without a value.
--   default_threshold [share]: Share of defaults that does not lower the score. The national thresholds of each item
--       were not found; 0 is the strictest.
--   score [share]: Records valid and complete minus defaults in excess, of all records.
