-- public.measure
-- Grain: one row per measure: what its figures mean.
CREATE TABLE public.measure AS
SELECT position, measure, title, meaning, kind, unit, direction, standard, published_id, caveats, source, since
FROM mart.measure
