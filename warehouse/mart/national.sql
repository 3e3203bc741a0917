-- mart.national
-- Grain: one row per source, period, pathway and measure: England.
-- providers_counted is the number of services in a figure. A period that lacks submissions is not comparable with a
-- complete one: provider_months_submitted against provider_months_expected says how many it lacks, and
-- mart.missing_submission which.
CREATE TABLE mart.national AS
WITH counted AS (
    SELECT source, period_type, period_start, pathway, measure, numerator, denominator, quantile, state,
        CAST(NULL AS DECIMAL(6, 4)) AS published_rate
    FROM mart.service_measure
    WHERE level = 'England'
    UNION ALL
    SELECT 'published', period_type, period_start, pathway, measure, numerator, denominator, NULL, state,
        published_rate
    FROM published.service_count
    WHERE provider = 'ENG'
),
behind AS (
    SELECT source, period_type, period_start, pathway, measure, count(*) AS providers_counted
    FROM mart.service_measure
    WHERE level = 'provider' AND state IN ('value', 'no denominator')
    GROUP BY source, period_type, period_start, pathway, measure
    UNION ALL
    SELECT 'published', period_type, period_start, pathway, measure, count(*)
    FROM published.service_count
    WHERE provider <> 'ENG' AND state IN ('value', 'no denominator')
    GROUP BY period_type, period_start, pathway, measure
)
SELECT
    c.source, c.period_type, c.period_start, c.pathway, c.measure, m.kind, c.numerator, c.denominator, c.state,
    coalesce(b.providers_counted, 0) AS providers_counted,
    CASE c.source WHEN 'published' THEN 12 ELSE v.months END AS months, v.months_submitted,
    v.provider_months_expected, v.provider_months_submitted,
    mart.value_of(m.kind, c.numerator, c.denominator, c.quantile) AS value,
    CASE WHEN m.kind <> 'count' THEN mart.interval_low(m.kind, c.numerator, c.denominator, mart.z_95()) END AS lower_95,
    CASE WHEN m.kind <> 'count' THEN mart.interval_high(m.kind, c.numerator, c.denominator, mart.z_95()) END AS upper_95,
    c.published_rate
FROM counted AS c
INNER JOIN mart.measure AS m ON m.measure = c.measure
LEFT JOIN behind AS b
    ON b.source = c.source AND b.period_type = c.period_type AND b.period_start = c.period_start
    AND b.pathway = c.pathway AND b.measure = c.measure
LEFT JOIN mart.submission_coverage AS v
    ON c.source = 'submitted' AND v.level = 'England' AND v.period_type = c.period_type
    AND v.period_start = c.period_start AND v.over_time = m.over_time

-- Columns of mart.national: England: one row per source, period, pathway and measure.
--   source, key: submitted (our own count) or published (NHS England's statistics).
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code (ref.pathway), or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   kind: count, share, mean, median, p90, rate (of events) or day_rate (of days).
--   numerator: Count of a count or share; sum of a mean; events or days of a rate; NULL for a median or p90.
--   denominator: Rows the value is of: of a share those that could count, of a mean, median or p90 those with a
--       value; NULL for a count and where there is no value.
--   state: value; no denominator (0 people); not submitted; suppressed; not applicable; these are always
--       distinct.
--   providers_counted: Number of providers in the figure.
--   months [months]: Months of the period.
--   months_submitted [months]: Months of the period for which some provider submitted; NULL for published figures.
--   provider_months_expected: Submissions expected for the figure, one per provider and month; of a stock for the last
--       month only. NULL for published figures.
--   provider_months_submitted: Of these, submitted; mart.missing_submission lists the others.
--   value [unit of the measure]: numerator / denominator of a share or mean, per person-year of a rate, the quantile of a median or p90,
--       else the numerator.
--   lower_95: Lower 95 % limit of value: Wilson of a share; of a rate Poisson, exact below 100 events, else Byar. Rows
--       of one person, such as contacts and answers, count as if they were independent: there it is too narrow.
--   upper_95: Upper 95 % limit of value.
--   published_rate [share]: Rate as published, computed by NHS England from exact counts and rounded.
