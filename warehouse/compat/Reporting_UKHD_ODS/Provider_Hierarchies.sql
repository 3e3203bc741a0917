-- Reporting_UKHD_ODS.Provider_Hierarchies
-- Grain: as Reporting.Ref_ODS_Provider_Hierarchies_ICB, under the name of the newer platform.
CREATE OR REPLACE VIEW Reporting_UKHD_ODS.Provider_Hierarchies AS
SELECT
    Organisation_Code, Organisation_Name, STP_Code, STP_Name, Region_Code, Region_Name, ODS_Organisation_Type,
    Effective_To
FROM Reporting.Ref_ODS_Provider_Hierarchies_ICB

-- Columns of Reporting_UKHD_ODS.Provider_Hierarchies: Reporting.Ref_ODS_Provider_Hierarchies_ICB under the name of
--     the newer platform.
--   Organisation_Code, key: ODS code.
--   Organisation_Name: Name; the code where no name is known.
--   STP_Code: ODS code of the ICB; empty when not known.
--   STP_Name: Name of the ICB.
--   Region_Code: ODS code of the NHS England region; empty when not known.
--   Region_Name: Name of the region.
--   ODS_Organisation_Type: Kind of organisation, in capitals.
--   Effective_To: Always empty: only what stands today is here.
