-- compat.person_number
-- Grain: one row per provider and person, numbered in the order of the key: two builds of the same inputs agree.
-- A query that does not read the number does not pay for it: DuckDB drops the window. Read, it costs 0.7 s for 2 M.
CREATE OR REPLACE VIEW compat.person_number AS
SELECT
    provider, person_id, first_month, last_month,
    row_number() OVER (ORDER BY provider, person_id) AS person_number
FROM core.person

-- Columns of compat.person_number: One row per provider and person, with the number that stands for the person.
--   provider, key: ODS code of the provider.
--   person_id, key: Pseudonym of the person.
--   first_month [date]: First month that sent the person.
--   last_month [date]: Last month that sent the person.
--   person_number: Number of the person. Holds within one release.
