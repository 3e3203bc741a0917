-- UKHF_Demography.Domains_Of_Deprivation_By_LSOA1
-- Grain: one row per area and index of the reference files. The smallest area kept of a person is the class of postcode
-- districts with the same deprivation, so LSOA_Code holds that, here as in mesh_IAPT.IDS001mpi. Figures use the index
-- dated 2019-12-31.
CREATE OR REPLACE VIEW UKHF_Demography.Domains_Of_Deprivation_By_LSOA1 AS
SELECT a.area AS LSOA_Code, d.decile AS IMD_Decile, DATE '2019-12-31' AS Effective_Snapshot_Date
FROM ref.deprivation AS d
INNER JOIN ref.deprivation_area AS a ON a.postcode_district = d.postcode_district
UNION
SELECT a.area, e.decile, e.as_of
FROM ref.earlier_deprivation AS e
INNER JOIN ref.deprivation_area AS a ON a.postcode_district = e.postcode_district

-- Columns of UKHF_Demography.Domains_Of_Deprivation_By_LSOA1: One row per area and index of the reference files; the
--     area is a class of postcode districts.
--   LSOA_Code, key: Class of postcode districts with the same deprivation, as in mesh_IAPT.IDS001mpi.
--   IMD_Decile [decile]: Decile of the index of multiple deprivation, 1 being the most deprived.
--   Effective_Snapshot_Date [date], key: Day by which the index is known: 2019-12-31 for the one that figures use.
