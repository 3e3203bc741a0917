-- core.session_plan
-- Grain: one row per provider, service request and therapy type: the latest plan.
CREATE TABLE core.session_plan AS
WITH ranked AS (
    SELECT
        provider, ServiceRequestId, TherapyType, month, PlannedSessions, PlanStartDate,
        row_number() OVER (
            PARTITION BY provider, ServiceRequestId, TherapyType
            ORDER BY PlanStartDate DESC NULLS LAST, recency DESC
        ) AS rank,
        count(*) OVER (PARTITION BY provider, ServiceRequestId, TherapyType) AS submitted_records
    FROM staged.SMI203
)
SELECT
    provider, ServiceRequestId AS service_request_id, TherapyType AS therapy_type, month AS last_month,
    submitted_records, PlannedSessions AS planned_sessions, PlanStartDate AS planned_from
FROM ranked
WHERE rank = 1

-- Columns of core.session_plan: One row per service request and therapy type (SMI203): the latest plan.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's referral id.
--   therapy_type, key: Type of therapy planned.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   planned_sessions [sessions]: Sessions planned.
--   planned_from [date]: First day of the plan.
