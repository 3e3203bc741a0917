-- UKHD_SNOMED.Descriptions_SCD
-- Grain: one row per SNOMED CT concept this project names (therapies, measures,
-- questions). SNOMED CT itself is licensed and not here.
CREATE OR REPLACE VIEW UKHD_SNOMED.Descriptions_SCD AS
WITH named AS (
    SELECT snomed AS code, therapy AS term, 1 AS preference FROM ref.therapy
    UNION ALL
    SELECT k.code, i.name, 2
    FROM ref.instrument_code AS k
    INNER JOIN ref.instrument AS i ON i.instrument = k.instrument
    UNION ALL
    SELECT code, meaning, 3 FROM ref.code
)
SELECT
    CAST(code AS BIGINT) AS Concept_ID, arg_min(term, CAST(preference AS VARCHAR) || term) AS Term,
    CAST(900000000000003001 AS BIGINT) AS Type_ID, true AS Active, true AS Is_Latest,
    CAST(NULL AS DATE) AS Effective_To
FROM named
WHERE regexp_matches(code, '^[1-9][0-9]{7,17}$')
GROUP BY code

-- Columns of UKHD_SNOMED.Descriptions_SCD: One row per SNOMED CT concept this project names (therapies, measures,
--     questions); SNOMED CT itself is licensed and not here.
--   Concept_ID, key: SNOMED CT concept.
--   Term: What this project calls it: not the licensed description.
--   Type_ID: Always 900000000000003001: the type national scripts ask for.
--   Active: Always true.
--   Is_Latest: Always true.
--   Effective_To: Always empty: only what stands today is here.
