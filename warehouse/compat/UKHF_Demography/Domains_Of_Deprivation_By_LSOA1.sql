-- UKHF_Demography.Domains_Of_Deprivation_By_LSOA1
-- Grain: one row per area and index of the reference files. The smallest area kept of a person is the postcode district,
-- so LSOA_Code holds that, here as in mesh_IAPT.IDS001mpi. Figures use the index dated 2019-12-31.
CREATE OR REPLACE VIEW UKHF_Demography.Domains_Of_Deprivation_By_LSOA1 AS
SELECT postcode_district AS LSOA_Code, decile AS IMD_Decile, DATE '2019-12-31' AS Effective_Snapshot_Date
FROM ref.deprivation
UNION ALL
SELECT postcode_district, decile, as_of
FROM ref.earlier_deprivation

-- Columns of UKHF_Demography.Domains_Of_Deprivation_By_LSOA1: One row per area and index of the reference files; the
--     area is the postcode district.
--   LSOA_Code, key: Postcode district, as in mesh_IAPT.IDS001mpi.
--   IMD_Decile [decile]: Decile of the index of multiple deprivation, 1 being the most deprived.
--   Effective_Snapshot_Date [date], key: Day by which the index is known: 2019-12-31 for the one that figures use.
