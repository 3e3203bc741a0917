-- work.hospital_stay
-- Grain: one row per provider, person and unbroken stay in hospital: spells that share a day are one stay.
-- A spell still open lasts to the end of the month that last reported it.
CREATE TABLE work.hospital_stay AS
WITH spell AS (
    SELECT
        u.provider, u.person_id, u.service_use_id, u.started_on,
        greatest(u.started_on, coalesce(u.ended_on, last_day(u.last_month))) AS ended_on
    FROM core.service_use AS u
    WHERE u.service_use_type = '01' AND u.person_id IS NOT NULL
),
reached AS (
    SELECT
        s.*, max(ended_on) OVER (
            PARTITION BY provider, person_id ORDER BY started_on, service_use_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached_on
    FROM spell AS s
),
numbered AS (
    SELECT
        r.*, sum(CASE WHEN started_on <= reached_on THEN 0 ELSE 1 END) OVER (
            PARTITION BY provider, person_id ORDER BY started_on, service_use_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stay
    FROM reached AS r
)
SELECT provider, person_id, min(started_on) AS started_on, max(ended_on) AS ended_on
FROM numbered
GROUP BY provider, person_id, stay
