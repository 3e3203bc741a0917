-- work.patient
-- Grain: one row per submission and local patient id. Says which person a submission's records are about.
-- A repeated local id is rejected earlier; if one arrives, the last row counts.
CREATE TABLE work.patient AS
SELECT
    submission_id,
    LocalPatientId AS local_patient_id,
    arg_max(person_id, row_number) AS person_id,
    arg_max(person_mark, row_number) AS person_mark
FROM staged.IDS001
GROUP BY submission_id, LocalPatientId
