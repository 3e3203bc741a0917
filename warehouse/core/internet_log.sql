-- core.internet_log
-- Grain: one row per provider, service request, programme and period of internet therapy, as last submitted.
-- A log of 0 minutes is therapy too: work on the programme that took no time of a therapist.
CREATE TABLE core.internet_log AS
WITH ranked AS (
    SELECT
        provider, ServiceRequestId, coalesce(IntEnabledTherProg, 'not known') AS programme, month,
        StartDateIntEnabledTherLog, EndDateIntEnabledTherLog, DurationIntEnabledTher, IntegratedSoftwareInd,
        CarePersLocalId,
        row_number() OVER (
            PARTITION BY provider, ServiceRequestId, coalesce(IntEnabledTherProg, 'not known'),
                StartDateIntEnabledTherLog, EndDateIntEnabledTherLog
            ORDER BY month DESC, row_number DESC
        ) AS recency,
        count(*) OVER (
            PARTITION BY provider, ServiceRequestId, coalesce(IntEnabledTherProg, 'not known'),
                StartDateIntEnabledTherLog, EndDateIntEnabledTherLog
        ) AS submitted_records
    FROM staged.IDS205
)
SELECT
    provider, ServiceRequestId AS service_request_id, programme, StartDateIntEnabledTherLog AS log_started_on,
    EndDateIntEnabledTherLog AS log_ended_on, month AS last_month, submitted_records,
    DurationIntEnabledTher AS therapist_minutes, IntegratedSoftwareInd AS integrated_software,
    CarePersLocalId AS staff_id
FROM ranked
WHERE recency = 1
