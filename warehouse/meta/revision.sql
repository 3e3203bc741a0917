-- meta.revision
-- Grain: one row per monthly figure that was ever revised and release in which it changed, and the one it began with.
-- Empty in a draft.
CREATE OR REPLACE TABLE meta.revision AS
SELECT
    CAST(NULL AS VARCHAR) AS level, CAST(NULL AS VARCHAR) AS organisation, CAST(NULL AS DATE) AS period_start,
    CAST(NULL AS VARCHAR) AS pathway, CAST(NULL AS VARCHAR) AS measure, CAST(NULL AS VARCHAR) AS release_id,
    CAST(NULL AS BIGINT) AS numerator, CAST(NULL AS BIGINT) AS denominator, CAST(NULL AS DECIMAL(15, 1)) AS quantile,
    CAST(NULL AS VARCHAR) AS state, CAST(NULL AS VARCHAR) AS cause
WHERE false

-- Columns of meta.revision: A month's figure as it was in each release since: one row per figure of England or a
--     provider that was ever revised, and release in which it changed. A release without a row has the figure of the
--     last one before it. A figure without any row was never revised.
--   level, key: England or provider.
--   organisation, key: ODS code of the provider as it is placed in the release; ENG is England.
--   period_start [month], key: First day of the month.
--   pathway, key: Pathway code (ref.pathway), or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (mart.measure).
--   release_id, key: Release from which on the figure was this one (meta.release).
--   numerator: As in mart.service_measure.
--   denominator: As in mart.service_measure.
--   quantile [unit of the measure]: As in mart.service_measure.
--   state: As in mart.service_measure.
--   cause: Why a provider's figure differs from the release before; NULL for the first one, and for England
--       (meta.revision_part).
