-- mart.provider_figure
-- Grain: one row per source, provider (ENG: England), period, pathway and measure: the figures that are compared.
-- Our own counts, those of data quality and NHS England's published ones in one layout. value is the rate of a
-- share or mean, the count of a count, the quantile of a median or 90th centile.
-- peer_group says with which services a figure can be compared: those of the same pathway. Published statistics are
-- of Talking Therapies alone, so their 'all' is one kind of care. Data quality is about records, which every service
-- fills in. Both are compared with all services. A published year has no months that we could ask for.
-- Nobody is compared by a measure that is tried out.
CREATE VIEW mart.provider_figure AS
WITH counted AS (
    SELECT
        f.source, f.organisation AS provider,
        CASE WHEN f.level = 'England' THEN 'England' ELSE coalesce(o.name, p.provider_name, f.organisation) END
            AS provider_name,
        f.period_type, f.period_start, f.pathway, f.measure, f.numerator, f.denominator, f.quantile,
        f.state, CASE f.pathway WHEN 'all' THEN x.peer_group ELSE f.pathway END AS peer_group,
        CAST(NULL AS DECIMAL(6, 4)) AS published_rate
    FROM mart.service_measure AS f
    LEFT JOIN mart.pathway_mix AS x
        ON x.provider = f.organisation AND x.period_type = f.period_type AND x.period_start = f.period_start
        AND x.measure = f.measure
    LEFT JOIN core.provider AS p ON p.provider = f.organisation
    LEFT JOIN ref.organisation AS o ON o.organisation = f.organisation AND o.kind = 'provider'
    WHERE f.level IN ('England', 'provider')
    UNION ALL
    SELECT
        'published', provider, provider_name, period_type, period_start, pathway, measure, numerator, denominator,
        NULL, state, 'all', published_rate
    FROM published.service_count
)
SELECT
    c.source, c.provider, c.provider_name, c.period_type, c.period_start, c.pathway, c.measure, m.kind,
    c.numerator, c.denominator,
    mart.value_of(m.kind, c.numerator, c.denominator, c.quantile) AS value,
    c.state, c.peer_group, CASE c.source WHEN 'published' THEN 12 ELSE v.months END AS months, v.months_submitted,
    c.source = 'published' OR coalesce(v.is_complete, false) AS is_complete, c.published_rate
FROM counted AS c
INNER JOIN mart.measure AS m ON m.measure = c.measure AND NOT m.is_experimental
LEFT JOIN mart.submission_coverage AS v
    ON c.source = 'submitted' AND v.organisation = c.provider AND v.period_type = c.period_type
    AND v.period_start = c.period_start AND v.over_time = m.over_time
UNION ALL
SELECT
    'data quality', q.organisation,
    CASE WHEN q.level = 'England' THEN 'England' ELSE coalesce(o.name, p.provider_name, q.organisation) END,
    q.period_type, q.period_start, 'all', q.measure, 'share', q.numerator, q.denominator,
    q.numerator / nullif(q.denominator, 0), q.state, 'all', v.months, v.months_submitted,
    -- Months that are missing are what the items of 'submission' count.
    coalesce(v.is_complete, false) OR i.table_id = 'submission', CAST(NULL AS DECIMAL(6, 4))
FROM mart.quality_count AS q
INNER JOIN mart.quality_item AS i ON i.measure = q.measure
LEFT JOIN mart.submission_coverage AS v
    ON v.organisation = q.organisation AND v.period_type = q.period_type AND v.period_start = q.period_start
    AND v.over_time = i.over_time
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
--   kind: count, share, mean, median, p90, rate (of events) or day_rate (of days).
--   numerator: Count; sum of a mean; NULL for a median or p90.
--   denominator: Count the share or mean is of; NULL for a plain count and where there is no value.
--   value: numerator / denominator of a share or mean, the quantile of a median or p90, else the numerator.
--   state: value; no denominator (0 people); not submitted; suppressed; not applicable; these are always
--       distinct.
--   peer_group: Services it is compared with: those of this pathway; all: those of the source; NULL where the service
--       mixes pathways (mart.pathway_mix), or 'all' has no denominator.
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period for which a provider of the organisation submitted; NULL for
--       published figures.
--   is_complete: Whether every month of the period that counts was submitted (mart.submission_coverage); published
--       figures are taken as complete.
--   published_rate [share]: Rate as published, computed by NHS England from exact counts and rounded.
