-- work.care_period
-- Grain: one row per period and month in it. Only periods all of whose months lie in the data, and all months.
CREATE TABLE work.care_period AS
WITH numbered AS (
    SELECT month, financial_year, extract(year FROM month) * 12 + extract(month FROM month) AS number
    FROM ref.month
),
candidate AS (
    SELECT 'financial year' AS period_type, min(month) OVER (PARTITION BY financial_year) AS period_start, month
    FROM numbered
    UNION ALL
    SELECT 'rolling 12 months', s.month, m.month
    FROM numbered AS s
    INNER JOIN numbered AS m ON m.number BETWEEN s.number AND s.number + 11
),
whole AS (
    SELECT period_type, period_start
    FROM candidate
    GROUP BY period_type, period_start
    HAVING count(*) = 12
)
SELECT c.period_type, c.period_start, c.month
FROM candidate AS c
INNER JOIN whole AS w ON w.period_type = c.period_type AND w.period_start = c.period_start
UNION ALL
SELECT 'all months', min(month) OVER (), month
FROM numbered
