-- core.long_term_condition
-- Grain: one row per provider, service request and long-term condition, over all months that carry it.
CREATE TABLE core.long_term_condition AS
SELECT
    provider, ServiceRequestId AS service_request_id, FindSchemeInUse AS finding_scheme,
    LongTermCondition AS condition_code, min(month) AS first_month, max(month) AS last_month,
    count(*) AS submitted_records
FROM staged.IDS602
GROUP BY provider, ServiceRequestId, FindSchemeInUse, LongTermCondition

-- Columns of core.long_term_condition: One row per provider, service request and long-term physical condition
--     (IDS602).
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
--   finding_scheme, key: Scheme the condition is coded in.
--   condition_code, key: Condition as submitted, in that scheme.
--   first_month [month]: First day of the earliest month that carries it.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
