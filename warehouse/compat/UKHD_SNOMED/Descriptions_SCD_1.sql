-- UKHD_SNOMED.Descriptions_SCD_1
-- Grain: as UKHD_SNOMED.Descriptions_SCD, under the name of the newer platform.
CREATE OR REPLACE VIEW UKHD_SNOMED.Descriptions_SCD_1 AS
SELECT Concept_ID, Term, Type_ID, Active, Is_Latest, Effective_To
FROM UKHD_SNOMED.Descriptions_SCD

-- Columns of UKHD_SNOMED.Descriptions_SCD_1: UKHD_SNOMED.Descriptions_SCD under the name of the newer platform.
--   Concept_ID, key: SNOMED CT concept.
--   Term: What this project calls it: not the licensed description.
--   Type_ID: Always 900000000000003001: the type national scripts ask for.
--   Active: Always true.
--   Is_Latest: Always true.
--   Effective_To: Always empty: only what stands today is here.
