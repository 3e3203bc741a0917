-- meta.revision_part
-- Grain: one row per figure of England that differs from the release before, and cause. Empty in a draft.
CREATE OR REPLACE TABLE meta.revision_part AS
SELECT
    CAST(NULL AS VARCHAR) AS period_type, CAST(NULL AS DATE) AS period_start, CAST(NULL AS VARCHAR) AS pathway,
    CAST(NULL AS VARCHAR) AS measure, CAST(NULL AS VARCHAR) AS cause, CAST(NULL AS BIGINT) AS numerator,
    CAST(NULL AS BIGINT) AS denominator, CAST(NULL AS DOUBLE) AS value, CAST(NULL AS BIGINT) AS providers,
    CAST(NULL AS VARCHAR) AS organisations
WHERE false

-- Columns of meta.revision_part: What the difference of England's figures from the release before is made of: one row
--     per period that both have, pathway, measure and cause. The parts of a figure add up to its difference exactly.
--     Medians and 90th centiles have none.
--   period_type, key: month, quarter (of the financial year), rolling 12 months, or financial year.
--   period_start [date], key: First day of the period.
--   pathway, key: Pathway code (ref.pathway), or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   cause, key: Why the provider-months of this part differ: new month, late data, resubmission, withdrawal, rule version,
--       erasure, merger, reference data, code; several joined by «and»; «another month» before those of other months.
--   numerator: Change of the numerator.
--   denominator: Change of the denominator; NULL for a count.
--   value: Change of the value; NULL where the figure has no value in one of the two releases.
--   providers: Providers whose months this part consists of.
--   organisations: Their codes, separated by blanks.
