-- public.official_measure
-- Grain: one row per measure, and per group of a variable, of NHS England's monthly statistics. No figures.
CREATE TABLE public.official_measure AS
SELECT
    official_id, official_name, answer,
    CASE WHEN measure IN (SELECT measure FROM public.measure) THEN measure END AS measure,
    figure, breakdown, groups, note
FROM mart.official_measure

-- Columns of public.official_measure: One row per measure of NHS England's monthly statistics of Talking
--     Therapies, and per group of its variables: what it is here.
--   official_id, key: Number of the measure (M001) or variable (V001) in those statistics.
--   official_name, key: Name of the measure; of a variable its name and group.
--   answer: same, differs, left out, or not computed.
--   measure: Id of our measure (public.measure); NULL where there is none
--       or it is an item of data quality.
--   figure: Which of its figures: numerator, denominator or value.
--   breakdown: What the groups are of, where it is of groups.
--   groups: The groups (public.breakdown_group), separated by a semicolon; NULL is every group.
--   note: How it differs, or why it is not here.
