-- core.session_plan
-- Grain: one row per provider, service request and therapy type: the latest plan.
CREATE TABLE core.session_plan AS
WITH ranked AS (
    SELECT
        provider, ServiceRequestId, TherapyType, month, PlannedSessions, PlanStartDate,
        row_number() OVER (
            PARTITION BY provider, ServiceRequestId, TherapyType
            ORDER BY PlanStartDate DESC NULLS LAST, month DESC, row_number DESC
        ) AS recency,
        count(*) OVER (PARTITION BY provider, ServiceRequestId, TherapyType) AS submitted_records
    FROM staged.SMI203
)
SELECT
    provider, ServiceRequestId AS service_request_id, TherapyType AS therapy_type, month AS last_month,
    submitted_records, PlannedSessions AS planned_sessions, PlanStartDate AS planned_from
FROM ranked
WHERE recency = 1
