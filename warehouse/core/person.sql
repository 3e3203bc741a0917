-- core.person
-- Grain: one row per provider and person, as the latest month describes them.
CREATE TABLE core.person AS
WITH latest AS (
    SELECT
        provider, min(month) AS first_month, count(*) AS submitted_records, max(recency) AS recency
    FROM staged.IDS001
    GROUP BY provider, person_id
)
SELECT
    p.provider, p.person_id, l.first_month, p.month AS last_month, l.submitted_records, p.is_nationally_linked,
    p.age_at_period_end,
    -- GenderIDCode (from v2.1) speaks first where it says something.
    CASE WHEN p.GenderIDCode IN ('1', '2', '3', '4') THEN p.GenderIDCode
        ELSE coalesce(p.Gender, p.GenderIDCode) END AS gender,
    p.GenderSameAtBirth AS gender_same_at_birth,
    -- First character is the national code, a second is local; 99 is "not known".
    CASE WHEN p.EthnicCategory = '99' THEN '99' ELSE substr(p.EthnicCategory, 1, 1) END AS ethnic_category,
    p.EthnicCategory2021 AS ethnic_category_2021, p.LanguageCodePreferred AS preferred_language,
    p.ExBAFIndicator AS ex_armed_forces, p.postcode_district, p.OrgIDResidenceResp AS residence_commissioner
FROM staged.IDS001 AS p
INNER JOIN latest AS l
    ON l.provider = p.provider AND l.recency = p.recency
