-- work.care_period
-- Grain: one row per period and month in it: years (ref.period_month), and all months together, because some
-- instruments have few answers in one year.
CREATE TABLE work.care_period AS
SELECT period_type, period_start, month
FROM ref.period_month
WHERE period_type IN ('financial year', 'rolling 12 months')
UNION ALL
SELECT 'all months', min(month) OVER (), month
FROM ref.month
