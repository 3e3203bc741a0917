-- mart.provider_figure
-- Grain: one row per source, provider (ENG: England), period, pathway and measure: the figures that are compared.
-- Our own counts, those of data quality and NHS England's published ones in one layout. value is the rate of a
-- share or mean, the count of a count, the quantile of a median or 90th centile.
CREATE VIEW mart.provider_figure AS
WITH counted AS (
    SELECT
        f.source, f.organisation AS provider,
        CASE WHEN f.level = 'England' THEN 'England' ELSE coalesce(o.name, p.provider_name, f.organisation) END
            AS provider_name,
        f.period_type, f.period_start, f.pathway, f.measure, f.numerator, f.denominator, f.quantile,
        f.state,
        CAST(NULL AS DECIMAL(6, 4)) AS published_rate
    FROM mart.service_measure AS f
    LEFT JOIN core.provider AS p ON p.provider = f.organisation
    LEFT JOIN ref.organisation AS o ON o.organisation = f.organisation AND o.kind = 'provider'
    WHERE f.level IN ('England', 'provider')
    UNION ALL
    SELECT
        'published', provider, provider_name, period_type, period_start, pathway, measure, numerator, denominator,
        NULL, state, published_rate
    FROM published.service_count
)
SELECT
    c.source, c.provider, c.provider_name, c.period_type, c.period_start, c.pathway, c.measure, m.kind,
    c.numerator, c.denominator,
    CASE
        WHEN m.kind IN ('share', 'mean') THEN c.numerator / nullif(c.denominator, 0)
        WHEN m.kind IN ('median', 'p90') THEN c.quantile
        ELSE c.numerator
    END AS value,
    c.state, c.published_rate
FROM counted AS c
INNER JOIN mart.measure AS m ON m.measure = c.measure
UNION ALL
SELECT
    'data quality', q.organisation,
    CASE WHEN q.level = 'England' THEN 'England' ELSE coalesce(o.name, p.provider_name, q.organisation) END,
    q.period_type, q.period_start, 'all', q.measure, 'share', q.numerator, q.denominator,
    q.numerator / nullif(q.denominator, 0), q.state, CAST(NULL AS DECIMAL(6, 4))
FROM mart.quality_count AS q
LEFT JOIN core.provider AS p ON p.provider = q.organisation
LEFT JOIN ref.organisation AS o ON o.organisation = q.organisation AND o.kind = 'provider'

-- Columns of mart.provider_figure: The figures of services and of England, our own and the published ones in one
--     layout.
--   source, key: submitted (our own count) or published (NHS England's statistics).
--   provider, key: ODS code of the provider; ENG is England.
--   provider_name: Name of the provider; its code where no name is known.
--   period_type, key: month, quarter, rolling 12 months or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   kind: count, share, mean, median or p90.
--   numerator: Count; sum of a mean; NULL for a median or p90.
--   denominator: Count the share or mean is of; NULL for a plain count and where there is no value.
--   value: numerator / denominator of a share or mean, the quantile of a median or p90, else the numerator.
--   state: value; no denominator (0 people); not submitted; suppressed; not applicable; these are always
--       distinct.
--   published_rate [share]: Rate as published, computed by NHS England from exact counts and rounded.
