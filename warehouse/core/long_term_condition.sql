-- core.long_term_condition
-- Grain: one row per provider, service request and long-term condition, over all months that carry it.
CREATE TABLE core.long_term_condition AS
SELECT
    provider, ServiceRequestId AS service_request_id, FindSchemeInUse AS finding_scheme,
    LongTermCondition AS condition_code, min(month) AS first_month, max(month) AS last_month,
    count(*) AS submitted_records
FROM staged.IDS602
GROUP BY provider, ServiceRequestId, FindSchemeInUse, LongTermCondition
