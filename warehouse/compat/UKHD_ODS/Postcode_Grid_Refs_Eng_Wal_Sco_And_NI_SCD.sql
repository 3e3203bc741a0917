-- UKHD_ODS.Postcode_Grid_Refs_Eng_Wal_Sco_And_NI_SCD
-- Grain: one row per postcode of a provider or site of the reference files: there are no others.
CREATE OR REPLACE VIEW UKHD_ODS.Postcode_Grid_Refs_Eng_Wal_Sco_And_NI_SCD AS
SELECT
    postcode AS Postcode_single_space_e_Gif, min(latitude) AS Latitude_1m, min(longitude) AS Longitude_1m,
    min(valid_from) AS Effective_From, CAST(NULL AS DATE) AS Effective_To, true AS Is_Latest
FROM ref.site_location
GROUP BY postcode

-- Columns of UKHD_ODS.Postcode_Grid_Refs_Eng_Wal_Sco_And_NI_SCD: One row per postcode of a provider or site of the
--     reference files.
--   Postcode_single_space_e_Gif, key: Postcode.
--   Latitude_1m [degrees]: Latitude of the building.
--   Longitude_1m [degrees]: Longitude of the building.
--   Effective_From [date]: First day known; empty when the file does not say.
--   Effective_To: Always empty: only what stands today is here.
--   Is_Latest: Always true.
