-- UKHD_SNOMED.Descriptions_SCD_1
-- Grain: as UKHD_SNOMED.Descriptions_SCD, under the name of the newer platform.
CREATE OR REPLACE VIEW UKHD_SNOMED.Descriptions_SCD_1 AS
SELECT Concept_ID, Term, Type_ID, Active, Is_Latest, Effective_To
FROM UKHD_SNOMED.Descriptions_SCD
