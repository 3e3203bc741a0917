-- work.quality_sum
-- Grain: one row per organisation (ENG: England), month or rolling year, table and element: the counts added up.
-- Records of one month (contacts, scores, ends of referrals) add up over a year. People and open referrals are sent
-- again every month, so a year is its last month: adding 12 extracts counted the same record up to 12 times.
CREATE TABLE work.quality_sum AS
WITH known AS (
    SELECT DISTINCT table_id, element, over_time FROM mart.quality_item
)
SELECT
    CASE WHEN grouping(p.current_provider) = 1 THEN 'ENG' ELSE p.current_provider END AS organisation,
    t.period_type, t.period_start, f.table_id, f.element, CAST(sum(f.expected) AS BIGINT) AS expected,
    CAST(sum(f.complete) AS BIGINT) AS complete, CAST(sum(f.filled) AS BIGINT) AS filled,
    CAST(sum(f.valid) AS BIGINT) AS valid, CAST(sum(f.not_known) AS BIGINT) AS not_known,
    CAST(sum(f.not_applicable) AS BIGINT) AS not_applicable, CAST(sum(f.invalid) AS BIGINT) AS invalid,
    CAST(sum(f.at_midnight) AS BIGINT) AS at_midnight, CAST(sum(f.on_the_hour) AS BIGINT) AS on_the_hour,
    CAST(sum(f.first_of_month) AS BIGINT) AS first_of_month
FROM core.field_count AS f
INNER JOIN ref.provider_place AS p ON p.provider = f.provider
INNER JOIN ref.period_month AS t ON t.month = f.month
INNER JOIN ref.period AS r ON r.period_type = t.period_type AND r.period_start = t.period_start
INNER JOIN known AS o ON o.table_id = f.table_id AND o.element = f.element
WHERE t.period_type IN ('month', 'rolling 12 months') AND (o.over_time = 'flow' OR f.month = r.last_month)
GROUP BY GROUPING SETS (
    (p.current_provider, t.period_type, t.period_start, f.table_id, f.element),
    (t.period_type, t.period_start, f.table_id, f.element)
)
