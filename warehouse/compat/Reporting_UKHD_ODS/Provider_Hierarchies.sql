-- Reporting_UKHD_ODS.Provider_Hierarchies
-- Grain: as Reporting.Ref_ODS_Provider_Hierarchies_ICB, under the name of the newer platform.
CREATE OR REPLACE VIEW Reporting_UKHD_ODS.Provider_Hierarchies AS
SELECT
    Organisation_Code, Organisation_Name, STP_Code, STP_Name, Region_Code, Region_Name, ODS_Organisation_Type,
    Effective_To
FROM Reporting.Ref_ODS_Provider_Hierarchies_ICB
