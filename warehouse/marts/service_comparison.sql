-- mart.service_comparison
-- Grain: one row per source, provider, period, pathway and measure, beside England.
-- Every rate is computed from the counts of its own row. national_rate_without leaves this provider out: with
-- few services a comparison with a total that contains oneself says too little.
-- Published provider counts are rounded to 5 and England's are not, so there it is an approximation.
CREATE TABLE mart.service_comparison AS
WITH counted AS (
    SELECT m.source, m.provider, p.provider_name, m.period_type, m.period_start, m.pathway, m.measure,
        m.numerator, m.denominator, m.state, CAST(NULL AS DECIMAL(6, 4)) AS published_rate
    FROM mart.service_measure AS m
    INNER JOIN core.provider AS p ON p.provider = m.provider
    UNION ALL
    SELECT 'published', provider, provider_name, period_type, period_start, pathway, measure,
        numerator, denominator, state, published_rate
    FROM published.service_count
    WHERE provider <> 'ENG'
)
SELECT
    c.source, c.provider, c.provider_name, c.period_type, c.period_start, c.pathway, c.measure, c.numerator,
    c.denominator, c.state,
    c.numerator / nullif(c.denominator, 0) AS rate,
    mart.wilson_low(c.numerator, c.denominator, 1.959963984540054) AS lower_95,
    mart.wilson_high(c.numerator, c.denominator, 1.959963984540054) AS upper_95,
    mart.wilson_low(c.numerator, c.denominator, 3.090232306167813) AS lower_998,
    mart.wilson_high(c.numerator, c.denominator, 3.090232306167813) AS upper_998,
    n.numerator AS national_numerator, n.denominator AS national_denominator, n.rate AS national_rate,
    CASE WHEN c.state IN ('value', 'no denominator') AND n.denominator > c.denominator
        THEN (n.numerator - c.numerator) / (n.denominator - c.denominator)
    END AS national_rate_without,
    c.published_rate
FROM counted AS c
LEFT JOIN mart.national AS n
    ON n.source = c.source AND n.period_type = c.period_type AND n.period_start = c.period_start
    AND n.pathway = c.pathway AND n.measure = c.measure
