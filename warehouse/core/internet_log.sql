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
    r.referral_number, i.provider, i.ServiceRequestId AS service_request_id, i.programme,
    i.StartDateIntEnabledTherLog AS log_started_on, i.EndDateIntEnabledTherLog AS log_ended_on,
    i.month AS last_month, i.submitted_records, i.DurationIntEnabledTher AS therapist_minutes,
    i.IntegratedSoftwareInd AS integrated_software, i.CarePersLocalId AS staff_id
FROM ranked AS i
LEFT JOIN work.referral AS r
    ON r.provider = i.provider AND r.service_request_id = i.ServiceRequestId
WHERE i.recency = 1
