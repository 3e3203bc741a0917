-- compat.problem
-- Grain: one row per pathway: its problem descriptor in the words of the national derivation.
CREATE OR REPLACE VIEW compat.problem AS
SELECT
    provider, service_request_id,
    CASE
        WHEN complaint IS NULL THEN 'Unspecified'
        WHEN substr(complaint, 1, 3) IN ('F32', 'F33') THEN 'Depression'
        WHEN substr(complaint, 1, 3) BETWEEN 'F40' AND 'F43' OR starts_with(complaint, 'F452')
            OR complaint = '83482000' THEN 'Anxiety and stress related disorders (Total)'
        WHEN starts_with(complaint, 'F') THEN 'Other Mental Health problems'
        WHEN regexp_matches(complaint, '^([A-Z][0-9]{2}|[0-9]{6,18}$)') THEN 'Other recorded problems'
        ELSE 'Invalid Data supplied'
    END AS higher_category,
    CASE
        WHEN complaint = '83482000' THEN '83482000 Body Dysmorphic Disorder'
        WHEN starts_with(complaint, 'F400') THEN 'F400 - Agoraphobia'
        WHEN starts_with(complaint, 'F401') THEN 'F401 - Social phobias'
        WHEN starts_with(complaint, 'F402') THEN 'F402 - Specific (isolated) phobias'
        WHEN starts_with(complaint, 'F410') THEN 'F410 - Panic disorder [episodic paroxysmal anxiety'
        WHEN starts_with(complaint, 'F411') THEN 'F411 - Generalised Anxiety Disorder'
        WHEN starts_with(complaint, 'F412') THEN 'F412 - Mixed anxiety and depressive disorder'
        WHEN starts_with(complaint, 'F42') THEN 'F42 - Obsessive-compulsive disorder'
        WHEN starts_with(complaint, 'F431') THEN 'F431 - Post-traumatic stress disorder'
        WHEN starts_with(complaint, 'F452') THEN 'F452 Hypochondriacal Disorders'
        WHEN substr(complaint, 1, 3) BETWEEN 'F40' AND 'F43' THEN 'Other F40-F43 code'
    END AS lower_category
FROM core.pathway

-- Columns of compat.problem: One row per pathway: its problem descriptor in the words of the national derivation.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
--   higher_category: Group of the problem descriptor.
--   lower_category: Problem descriptor within the anxiety group; empty elsewhere.
