-- Internal_Reference.Date_Full
-- Grain: one row per day from the first to the last month reported.
CREATE OR REPLACE VIEW Internal_Reference.Date_Full AS
WITH day AS (
    SELECT
        CAST(unnest(generate_series(month, last_day, INTERVAL 1 DAY)) AS DATE) AS full_date, month,
        financial_year
    FROM ref.month
)
SELECT
    full_date AS Full_Date, substr(financial_year, 3, 2) || '/' || substr(financial_year, 6, 2) AS Fin_Year_YY_YY,
    'Q' || CAST((month(month) + 8) % 12 // 3 + 1 AS VARCHAR) || ' ' || substr(financial_year, 3, 2) || '/'
        || substr(financial_year, 6, 2) AS Fin_Year_Quarter_QQ_YY_YY,
    CAST((year(month) - 1900) * 12 + month(month) - 3 AS INTEGER) AS CMHT_MonthID
FROM day

-- Columns of Internal_Reference.Date_Full: One row per day from the first to the last month reported.
--   Full_Date [date], key: The day.
--   Fin_Year_YY_YY: Financial year, such as 25/26.
--   Fin_Year_Quarter_QQ_YY_YY: Quarter of the financial year, such as Q1 25/26.
--   CMHT_MonthID: Number of the month: months since April 1900, which is 1.
