-- public.measure
-- Grain: one row per measure: what its figures mean.
CREATE TABLE public.measure AS
SELECT position, measure, title, meaning, kind, grain, pathways, over_time, over_places, unit, direction, standard,
    published_id, caveats, source, confidence, since
FROM mart.measure
-- Items of data quality are not published, nor what is tried out.
WHERE measure IN (SELECT measure FROM mart.service_measure) AND NOT is_experimental

-- Columns of public.measure: One row per measure: what its figures mean.
--   position: Place in the catalogue.
--   measure, key: Id of the measure.
--   title: Short title.
--   meaning: What is counted, in plain words.
--   kind: count, share, mean, median, p90 (90th centile), rate (of events) or day_rate (of days).
--   grain: What it counts: pathway, contact, activity, caseload (pathways open at a month end), outcome, therapy,
--       internet_log or answer.
--   pathways: Pathways the measure applies to, separated by blanks.
--   over_time: flow: a longer period is all its months together; stock: it is its last month, which must be
--       submitted.
--   over_places: What a larger place is: sum (of the counts of its parts) or pooled values (a median or p90 of
--       all their values).
--   unit: What is counted or measured; share for a share.
--   direction: Which is better: higher, lower, or none.
--   standard [share]: National standard, NULL when there is none.
--   published_id: Numbers of NHS England's monthly statistics that it gives, separated by blanks.
--   caveats: What to know before using it.
--   source: Where the definition was found.
--   confidence: F: found in the source; R: recalled, to be confirmed.
--   since: Month from which the definition holds.
