-- v1.measure
-- Grain: one row per measure, items of data quality included.
CREATE OR REPLACE VIEW v1.measure AS
SELECT
    measure, title, meaning, kind, unit, direction, standard, over_time, over_places, pathways, breakdowns,
    published_id AS official_ids, caveats, source, since AS defined_since
FROM mart.measure

-- Columns of v1.measure: One row per measure: what its figures mean.
--   measure, key: Id of the measure.
--   title: Short title.
--   meaning: What is counted, in plain words.
--   kind: count, share, mean, median, p90 (90th centile), rate (of events) or day_rate (of days).
--   unit: What the value counts; share for a share.
--   direction: Which is better: higher, lower, or none.
--   standard [share]: National standard, NULL when there is none.
--   over_time: flow: a longer period is all its months together; stock: it is its last month, which must be
--       submitted.
--   over_places: What a larger place is: sum (of the counts of its parts) or pooled values (a median or p90 of all
--       their values).
--   pathways: Pathway codes it applies to, separated by blanks; NULL for an item of data quality.
--   breakdowns: Breakdowns of the measure, separated by blanks.
--   official_ids: Numbers of NHS England's monthly statistics that it gives, separated by blanks.
--   caveats: What to know before using it; NULL when there is nothing.
--   source: Where the definition was found.
--   defined_since: Month from which the definition holds.
