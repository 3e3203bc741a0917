-- core.person
-- Grain: one row per provider and person, as the latest month describes them.
CREATE TABLE core.person AS
SELECT
    p.provider, p.person_id, l.first_month, p.month AS last_month, l.submitted_records, p.is_nationally_linked,
    p.age_at_period_end,
    -- GenderIDCode (from v2.1) speaks first where it says something.
    CASE WHEN p.GenderIDCode IN ('1', '2', '3', '4') THEN p.GenderIDCode
        ELSE coalesce(p.Gender, p.GenderIDCode) END AS gender,
    p.Gender AS stated_gender, p.GenderIDCode AS gender_identity,
    p.GenderSameAtBirth AS gender_same_at_birth,
    -- First character is the national code, a second is local; 99 is "not known".
    CASE WHEN p.EthnicCategory = '99' THEN '99' ELSE substr(p.EthnicCategory, 1, 1) END AS ethnic_category,
    p.EthnicCategory2021 AS ethnic_category_2021, p.LanguageCodePreferred AS preferred_language,
    p.ExBAFIndicator AS ex_armed_forces, a.decile AS deprivation_decile, a.area AS deprivation_area,
    p.OrgIDResidenceResp AS residence_commissioner
FROM staged.IDS001 AS p
INNER JOIN work.person_sent AS l
    ON l.provider = p.provider AND l.recency = p.recency
LEFT JOIN ref.deprivation_area AS a ON a.postcode_district = p.postcode_district

-- Columns of core.person: One row per provider and person (IDS001), as the latest month describes them.
--   provider, key: ODS code of the provider.
--   person_id, key: Pseudonym of the person: the same at every provider if the NHS number is verified, else only
--       at this provider.
--   first_month [month]: First day of the first month that carries it.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   is_nationally_linked: Whether a verified NHS number made the pseudonym.
--   age_at_period_end [years]: Age on the last day of the latest month.
--   gender: Gender identity code where stated, else gender code.
--   stated_gender: Gender code as stated.
--   gender_identity: Gender identity code; sent from version 2.1 of the dataset on.
--   gender_same_at_birth: Whether gender identity is the same as at birth.
--   ethnic_category: Ethnic category, national code.
--   ethnic_category_2021: Ethnic category of the 2021 census.
--   preferred_language: Preferred language.
--   ex_armed_forces: Ex-British armed forces indicator.
--   deprivation_decile [decile]: Decile of deprivation of the postcode district, 1 being the most deprived.
--   deprivation_area: Class of postcode districts with the same deprivation (ref.deprivation_area): the smallest
--       area kept of a person.
--   residence_commissioner: ODS code of the commissioner of the place of residence.
