-- work.person_group
-- Grain: one row per provider and person: the groups a person belongs to, as core.person describes them.
-- Not stated (asked, not answered) and not known are two groups, and never "other".
CREATE TABLE work.person_group AS
WITH disability AS (
    SELECT
        d.provider, p.person_id,
        min(d.DisabCode) FILTER (WHERE d.DisabCode NOT IN ('NN', 'ZZ')) AS lowest,
        max(d.DisabCode) FILTER (WHERE d.DisabCode NOT IN ('NN', 'ZZ')) AS highest,
        max(d.DisabCode) FILTER (WHERE d.DisabCode IN ('NN', 'ZZ')) AS no_disability
    FROM staged.IDS007 AS d
    INNER JOIN work.patient AS p
        ON p.submission_id = d.submission_id AND p.local_patient_id = d.LocalPatientId
    WHERE d.DisabCode IN ('01', '02', '03', '04', '05', '06', '07', '08', '09', '10', 'XX', 'NN', 'ZZ')
    GROUP BY d.provider, p.person_id
)
SELECT
    q.provider, q.person_id,
    CASE
        WHEN q.ethnic_category IN ('A', 'B', 'C') THEN 'white'
        WHEN q.ethnic_category IN ('D', 'E', 'F', 'G') THEN 'mixed'
        WHEN q.ethnic_category IN ('H', 'J', 'K', 'L') THEN 'asian'
        WHEN q.ethnic_category IN ('M', 'N', 'P') THEN 'black'
        WHEN q.ethnic_category IN ('R', 'S') THEN 'other'
        WHEN q.ethnic_category = 'Z' THEN 'not stated'
        ELSE 'not known'
    END AS ethnic_group,
    CASE
        WHEN q.ethnic_category IN ('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'R', 'S')
            THEN q.ethnic_category
        WHEN q.ethnic_category = 'Z' THEN 'not stated'
        ELSE 'not known'
    END AS ethnicity,
    CASE q.gender WHEN '1' THEN 'male' WHEN '2' THEN 'female' WHEN '3' THEN 'non-binary' WHEN '4' THEN 'other'
        WHEN '9' THEN 'indeterminate' WHEN 'Z' THEN 'not stated' ELSE 'not known' END AS gender,
    CASE i.gender_identity WHEN '1' THEN 'male' WHEN '2' THEN 'female' WHEN '3' THEN 'non-binary'
        WHEN '4' THEN 'other' WHEN 'Z' THEN 'not stated' ELSE 'not known' END AS gender_identity,
    CASE
        WHEN lower(q.preferred_language) = 'en' THEN 'english'
        WHEN q.preferred_language IS NOT NULL THEN 'not english'
        ELSE 'not known'
    END AS language_group,
    lower(q.preferred_language) AS preferred_language,
    CASE q.ex_armed_forces WHEN '02' THEN 'veteran' WHEN '05' THEN 'dependant' WHEN '03' THEN 'neither'
        WHEN 'ZZ' THEN 'not stated' ELSE 'not known' END AS armed_forces,
    CASE
        WHEN d.lowest < d.highest THEN 'more than one'
        WHEN d.lowest IS NOT NULL THEN d.lowest
        WHEN d.no_disability = 'NN' THEN 'none'
        WHEN d.no_disability = 'ZZ' THEN 'not stated'
        ELSE 'not known'
    END AS disability,
    coalesce(CAST(q.deprivation_decile AS VARCHAR), 'not known') AS deprivation_decile,
    coalesce(CAST((q.deprivation_decile + 1) // 2 AS VARCHAR), 'not known') AS deprivation_quintile
FROM core.person AS q
LEFT JOIN work.person_sent AS i ON i.provider = q.provider AND i.person_id = q.person_id
LEFT JOIN disability AS d ON d.provider = q.provider AND d.person_id = q.person_id
