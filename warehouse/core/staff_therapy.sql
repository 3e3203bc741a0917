-- core.staff_therapy
-- Grain: one row per provider, member of staff, type of therapy and month.
-- A month's rows say who was trained and supervised then. So a session is judged by the rows of its own month, and a
-- change of supervision changes nothing of the months before.
CREATE TABLE core.staff_therapy AS
WITH ranked AS (
    SELECT
        provider, CarePersLocalId, TherapyType, month, TherapyTrainingDate, SupervisionStartDate, SupervisionEndDate,
        row_number() OVER (PARTITION BY provider, CarePersLocalId, TherapyType, month ORDER BY recency DESC) AS rank,
        count(*) OVER (PARTITION BY provider, CarePersLocalId, TherapyType, month) AS submitted_records
    FROM staged.SMI902
)
SELECT
    provider, CarePersLocalId AS staff_id, TherapyType AS therapy_type, month, submitted_records,
    TherapyTrainingDate AS trained_on, SupervisionStartDate AS supervised_from, SupervisionEndDate AS supervised_to
FROM ranked
WHERE rank = 1

-- Columns of core.staff_therapy: One row per provider, member of staff, type of therapy and month (SMI902): training
--     and supervision in the therapy.
--   provider, key: ODS code of the provider.
--   staff_id, key: Pseudonym of the member of staff.
--   therapy_type, key: Type of therapy (ref.code therapy_type).
--   month [month], key: First day of the month for which it was submitted.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   trained_on [date]: Day on which the training in the therapy was completed; NULL while in training.
--   supervised_from [date]: First day of the supervision in the therapy; NULL without supervision.
--   supervised_to [date]: Last day of that supervision; NULL while it continues.
