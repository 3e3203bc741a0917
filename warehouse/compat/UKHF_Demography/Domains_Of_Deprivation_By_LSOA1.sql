-- UKHF_Demography.Domains_Of_Deprivation_By_LSOA1
-- Grain: one row per area of the reference file. The smallest area kept of a person is the postcode district, so
-- LSOA_Code holds that, here as in mesh_IAPT.IDS001mpi. One version of the index: its rows carry one date.
CREATE OR REPLACE VIEW UKHF_Demography.Domains_Of_Deprivation_By_LSOA1 AS
SELECT postcode_district AS LSOA_Code, decile AS IMD_Decile, DATE '2019-12-31' AS Effective_Snapshot_Date
FROM ref.deprivation

-- Columns of UKHF_Demography.Domains_Of_Deprivation_By_LSOA1: One row per postcode district of the reference file:
--     its deprivation.
--   LSOA_Code, key: Postcode district: the smallest area kept of a person.
--   IMD_Decile: Decile of the index of multiple deprivation, 1 being the most deprived.
--   Effective_Snapshot_Date: Always 2019-12-31: one version of the index.
