-- core.person
-- Grain: one row per provider and person, as the latest month describes them.
CREATE TABLE core.person AS
WITH ranked AS (
    SELECT
        provider, person_id, month, is_nationally_linked, age_at_period_end, postcode_district,
        -- GenderIDCode (from v2.1) speaks first where it says something.
        CASE WHEN GenderIDCode IN ('1', '2', '3', '4') THEN GenderIDCode ELSE coalesce(Gender, GenderIDCode) END
            AS gender,
        GenderSameAtBirth AS gender_same_at_birth,
        -- First character is the national code, a second is local; 99 is "not known".
        CASE WHEN EthnicCategory = '99' THEN '99' ELSE substr(EthnicCategory, 1, 1) END AS ethnic_category,
        EthnicCategory2021 AS ethnic_category_2021,
        LanguageCodePreferred AS preferred_language,
        ExBAFIndicator AS ex_armed_forces,
        OrgIDResidenceResp AS residence_commissioner,
        row_number() OVER (
            PARTITION BY provider, person_id ORDER BY month DESC, row_number DESC
        ) AS recency,
        count(*) OVER (PARTITION BY provider, person_id) AS submitted_records,
        min(month) OVER (PARTITION BY provider, person_id) AS first_month
    FROM staged.IDS001
)
SELECT
    provider, person_id, first_month, month AS last_month, submitted_records, is_nationally_linked,
    age_at_period_end, gender, gender_same_at_birth, ethnic_category, ethnic_category_2021,
    preferred_language, ex_armed_forces, postcode_district, residence_commissioner
FROM ranked
WHERE recency = 1
