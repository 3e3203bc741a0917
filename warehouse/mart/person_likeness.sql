-- mart.person_likeness
-- Grain: one row per band of k: how many people share what is known of a person with k - 1 others (k-anonymity).
-- Known are provider, age, gender, ethnic category and deprivation area, as in core.person. Who is alone can be
-- found by somebody who knows this of them: core is for authorised analysts only.
CREATE TABLE mart.person_likeness AS
WITH alike AS (
    SELECT count(*) AS k
    FROM core.person
    GROUP BY provider, age_at_period_end, gender, ethnic_category, deprivation_area
),
banded AS (
    SELECT k, CASE WHEN k = 1 THEN '1' WHEN k < 5 THEN '2-4' WHEN k < 10 THEN '5-9' ELSE '10 or more' END AS band
    FROM alike
)
SELECT band AS k, count(*) AS combinations, CAST(sum(banded.k) AS BIGINT) AS people
FROM banded
GROUP BY band

-- Columns of mart.person_likeness: One row per band of k: how many people of core.person share provider, age, gender,
--     ethnic category and deprivation area with k - 1 others.
--   k, key: People with the same values: 1, 2-4, 5-9, 10 or more.
--   combinations: Combinations of values that so many people share.
--   people: People with such a combination.
