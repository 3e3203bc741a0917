-- work.care_cluster
-- Grain: one row per referral of a person with a care cluster: the one by which the course is paid.
-- A cluster belongs to a course if any day of the cluster lies between referral and discharge. The last one that began
-- by the first treatment contact counts, because it says how much care was expected. Where none had, the first after it.
CREATE TABLE work.care_cluster AS
WITH assigned AS (
    -- A record is sent every month; its last version has the end.
    SELECT
        c.provider, p.person_id, c.StartDateCareClust AS begins_on,
        arg_max(c.AMHCareClustCodeFin, c.recency) AS care_cluster,
        arg_max(coalesce(c.EndDateCareClust, DATE '9999-12-31'), c.recency) AS ends_on
    FROM staged.IDS803 AS c
    INNER JOIN work.patient AS p ON p.submission_id = c.submission_id AND p.local_patient_id = c.LocalPatientId
    WHERE c.StartDateCareClust IS NOT NULL AND regexp_full_match(c.AMHCareClustCodeFin, '[01][0-9]|2[01]')
    GROUP BY c.provider, p.person_id, c.StartDateCareClust
)
SELECT
    r.referral_number,
    coalesce(
        arg_max(a.care_cluster, a.begins_on) FILTER (WHERE a.begins_on <= r.first_treatment_on),
        arg_min(a.care_cluster, a.begins_on)
    ) AS care_cluster
FROM core.pathway AS r
INNER JOIN assigned AS a
    ON a.provider = r.provider AND a.person_id = r.person_id AND a.ends_on >= r.received_on
    AND a.begins_on <= coalesce(r.discharged_on, DATE '9999-12-31')
GROUP BY r.referral_number
