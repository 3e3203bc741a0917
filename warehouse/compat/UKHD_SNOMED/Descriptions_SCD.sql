-- UKHD_SNOMED.Descriptions_SCD
-- Grain: one row per SNOMED CT concept this project names (therapies, measures,
-- questions). SNOMED CT itself is licensed and not here. Scripts know the questions about experience by their term.
CREATE OR REPLACE VIEW UKHD_SNOMED.Descriptions_SCD AS
WITH experience (code, question) AS (
    VALUES ('747861000000100', 'assessment Patient Experience Questionnaire choice question 1'),
        ('747871000000107', 'assessment Patient Experience Questionnaire choice question 2'),
        ('747881000000109', 'assessment Patient Experience Questionnaire choice question 3'),
        ('904691000000103', 'assessment Patient Experience Questionnaire choice question 4'),
        ('747891000000106', 'assessment Patient Experience Questionnaire satisfaction question 1'),
        ('747901000000107', 'treatment Patient Experience Questionnaire question 1'),
        ('747911000000109', 'treatment Patient Experience Questionnaire question 2'),
        ('747921000000103', 'treatment Patient Experience Questionnaire question 3'),
        ('747931000000101', 'treatment Patient Experience Questionnaire question 4'),
        ('747941000000105', 'treatment Patient Experience Questionnaire question 5'),
        ('747951000000108', 'treatment Patient Experience Questionnaire question 6')
),
named AS (
    SELECT
        code, 'Improving Access to Psychological Therapies ' || question || ' score (observable entity)' AS term,
        0 AS preference
    FROM experience
    UNION ALL
    SELECT snomed, therapy, 1 FROM ref.therapy
    UNION ALL
    SELECT k.code, i.name, 2
    FROM ref.instrument_code AS k
    INNER JOIN ref.instrument AS i ON i.instrument = k.instrument
    UNION ALL
    SELECT code, meaning, 3 FROM ref.code
)
SELECT
    -- Guarded here too: a condition on Concept_ID is asked of rows before WHERE has left out the codes that are text.
    CASE WHEN regexp_matches(code, '^[1-9][0-9]{7,17}$') THEN CAST(code AS BIGINT) END AS Concept_ID, arg_min(term, CAST(preference AS VARCHAR) || term) AS Term,
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
