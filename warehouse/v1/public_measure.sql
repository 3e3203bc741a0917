-- v1.public_measure
-- Grain: one row per measure with public figures.
CREATE OR REPLACE VIEW v1.public_measure AS
SELECT
    measure, title, meaning, kind, unit, direction, standard, over_time, over_places, published_id AS official_ids,
    caveats, source, since AS defined_since
FROM public.measure

-- Columns of v1.public_measure: One row per measure with public figures: what they mean.
--   measure, key: Id of the measure.
--   title: Short title.
--   meaning: What is counted, in plain words.
--   kind: count, share, mean, median, p90 (90th centile), rate (of events) or day_rate (of days).
--   unit: What is counted or measured; share for a share.
--   direction: Which is better: higher, lower, or none.
--   standard [share]: National standard, NULL when there is none.
--   over_time: flow: a longer period is all its months together; stock: it is its last month, which must be
--       submitted.
--   over_places: What a larger place is: sum (of the counts of its parts) or pooled values (a median or p90 of all
--       their values).
--   official_ids: Numbers of NHS England's monthly statistics that it gives, separated by blanks.
--   caveats: What to know before using it.
--   source: Where the definition was found.
--   defined_since: Month from which the definition holds.
