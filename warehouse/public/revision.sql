-- public.revision
-- Grain: one row per protected monthly figure that was ever revised and release in which it changed, and the one it
-- began with. Empty in a draft: filled when it is published, from figures that two releases show.
CREATE TABLE public.revision AS
SELECT
    CAST(NULL AS VARCHAR) AS level, CAST(NULL AS VARCHAR) AS organisation, CAST(NULL AS DATE) AS period_start,
    CAST(NULL AS VARCHAR) AS pathway, CAST(NULL AS VARCHAR) AS measure, CAST(NULL AS INTEGER) AS position,
    CAST(NULL AS BIGINT) AS numerator, CAST(NULL AS BIGINT) AS denominator, CAST(NULL AS DOUBLE) AS value,
    CAST(NULL AS VARCHAR) AS state
WHERE false

-- Columns of public.revision: A month's protected figure as it was shown in each release since: one row per figure of
--     England or a provider that was ever revised, and release in which it changed. A release without a row shows the
--     figure of the last one before it. Organisations and measures that this release does not have are left out.
--   level, key: England or provider.
--   organisation, key: ODS code of the provider; ENG: England.
--   period_start [month], key: First day of the month.
--   pathway, key: Pathway code, or 'all' for every pathway the measure applies to.
--   measure, key: Id of the measure (public.measure).
--   position, key: Place of the release from which on the figure was shown like this (meta.release).
--   numerator: As in public.service_measure.
--   denominator: As in public.service_measure.
--   value: As in public.service_measure.
--   state: As in public.service_measure; not listed: the figure was not in that release.
