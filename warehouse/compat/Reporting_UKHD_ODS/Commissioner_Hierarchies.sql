-- Reporting_UKHD_ODS.Commissioner_Hierarchies
-- Grain: as Reporting.Ref_ODS_Commissioner_Hierarchies_ICB, under the name of the newer platform.
CREATE OR REPLACE VIEW Reporting_UKHD_ODS.Commissioner_Hierarchies AS
SELECT
    Organisation_Code, Organisation_Name, STP_Code, STP_Name, Region_Code, Region_Name, Effective_To
FROM Reporting.Ref_ODS_Commissioner_Hierarchies_ICB
