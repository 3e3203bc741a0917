-- published.service_count
-- Grain: one row per provider (ENG: England), financial year and measure, from the annual totals.
-- A count that is suppressed or not applicable stays NULL and says so in state; it is never 0. Provider counts
-- are rounded to 5, so published_rate (from exact counts, as published) is shown next to the rate from the
-- counts.
INSERT INTO published.service_count
WITH total AS (
    SELECT
        financial_year, period_start,
        CASE WHEN org_type = 'England' THEN 'ENG' ELSE org_code END AS provider,
        measure_name, statistic, max(value) AS value, max(state) AS state
    FROM published.measure_annual
    WHERE variable_type = 'Total' AND org_type IN ('Provider', 'England')
    GROUP BY ALL
),
provider_name AS (
    SELECT m.org_code AS provider, coalesce(min(p.provider_name), max(m.org_name)) AS name
    FROM published.measure_annual AS m
    LEFT JOIN published.provider AS p ON p.provider = m.org_code
    WHERE m.variable_type = 'Total' AND m.org_type = 'Provider'
    GROUP BY m.org_code
),
assembled AS (
    SELECT
        t.provider, t.financial_year, t.period_start, d.measure, d.is_share,
        CAST(t.value AS BIGINT) AS numerator,
        CAST(CASE WHEN d.less IS NULL THEN b.value ELSE b.value - l.value END AS BIGINT) AS denominator,
        CAST(r.value / 100 AS DECIMAL(6, 4)) AS published_rate,
        CASE
            WHEN t.state = 'suppressed' OR b.state = 'suppressed' OR l.state = 'suppressed' THEN 'suppressed'
            WHEN t.state = 'not applicable' OR b.state = 'not applicable' OR l.state = 'not applicable'
                OR (d.is_share AND b.state IS NULL) OR (d.less IS NOT NULL AND l.state IS NULL)
                THEN 'not applicable'
            ELSE 'value'
        END AS state
    FROM total AS t
    INNER JOIN work.published_measure AS d ON d.counted = t.measure_name AND t.statistic = 'count'
    LEFT JOIN total AS b
        ON b.provider = t.provider AND b.period_start = t.period_start AND b.statistic = 'count'
        AND b.measure_name = d.base
    LEFT JOIN total AS l
        ON l.provider = t.provider AND l.period_start = t.period_start AND l.statistic = 'count'
        AND l.measure_name = d.less
    LEFT JOIN total AS r
        ON r.provider = t.provider AND r.period_start = t.period_start AND r.statistic = 'percentage'
        AND r.measure_name = d.counted
)
SELECT
    a.provider, CASE WHEN a.provider = 'ENG' THEN 'England' ELSE n.name END AS provider_name,
    'financial year' AS period_type, a.period_start, 'all' AS pathway, a.measure, a.numerator, a.denominator,
    CASE WHEN a.state = 'value' AND a.is_share AND a.denominator <= 0 THEN 'no denominator' ELSE a.state END
        AS state,
    a.published_rate
FROM assembled AS a
LEFT JOIN provider_name AS n ON n.provider = a.provider

-- Columns of published.service_count: One row per provider (ENG: England), financial year and measure, from the
--     published annual totals.
--   provider, key: ODS code of the provider; ENG is England.
--   provider_name: Name of the provider; its code where no name is known.
--   period_type, key: month or financial year.
--   period_start [date], key: First day of the period.
--   pathway: Always 'all': the published statistics are not split by pathway.
--   measure, key: Id of the measure (mart.measure).
--   numerator: Count.
--   denominator: Count the share is of; NULL for a plain count and where there is no value.
--   state: value; no denominator (0 people); not submitted; suppressed; not applicable; these are always
--       distinct.
--   published_rate [share]: Rate as published, computed by NHS England from exact counts and rounded.
