-- ref.deprivation_area
-- Grain: one row per postcode district of the reference files: the class of districts with the same deprivation.
-- core.person has the class and not the district: beside age, gender and ethnicity a district tells nearly everybody
-- apart, and no figure needs more than the decile.
CREATE TABLE ref.deprivation_area AS
WITH earlier AS (
    SELECT postcode_district, string_agg(year(as_of) || ': ' || decile, ', ' ORDER BY as_of) AS deciles
    FROM ref.earlier_deprivation
    GROUP BY postcode_district
)
SELECT
    coalesce(d.postcode_district, e.postcode_district) AS postcode_district, d.decile,
    concat_ws(', ', 'decile ' || d.decile, e.deciles) AS area
FROM ref.deprivation AS d
FULL JOIN earlier AS e ON e.postcode_district = d.postcode_district

-- Columns of ref.deprivation_area: One row per postcode district of the reference files: the class of districts with
--     the same deprivation.
--   postcode_district, key: Postcode district.
--   decile [decile]: Decile of the index of multiple deprivation that figures use, 1 being the most deprived.
--   area: The deciles of all indexes: the area kept of a person (core.person.deprivation_area).
