-- core.internet_log
-- Grain: one row per provider, service request, programme and period of internet therapy, as last submitted.
-- A log of 0 minutes is therapy too: the person used the programme without a therapist.
CREATE TABLE core.internet_log AS
WITH ranked AS (
    SELECT
        provider, ServiceRequestId, coalesce(CAST(IntEnabledTherProg AS VARCHAR), 'not known') AS programme, month,
        StartDateIntEnabledTherLog, EndDateIntEnabledTherLog, DurationIntEnabledTher, IntegratedSoftwareInd,
        CarePersLocalId,
        row_number() OVER (
            PARTITION BY provider, ServiceRequestId, coalesce(CAST(IntEnabledTherProg AS VARCHAR), 'not known'),
                StartDateIntEnabledTherLog, EndDateIntEnabledTherLog
            ORDER BY recency DESC
        ) AS rank,
        count(*) OVER (
            PARTITION BY provider, ServiceRequestId, coalesce(CAST(IntEnabledTherProg AS VARCHAR), 'not known'),
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
WHERE i.rank = 1

-- Columns of core.internet_log: One row per provider, service request, programme and period of internet-enabled
--     therapy (IDS205).
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
--   programme, key: Pseudonym of the name that the provider gives the programme, or not known.
--   log_started_on [date], key: First day the log covers.
--   log_ended_on [date], key: Last day the log covers.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   therapist_minutes [minutes]: Clinical time of the professional; 0 means that no clinician spent time on it.
--   integrated_software: Whether an integrated software engine was used (Y or N).
--   staff_id: Pseudonym of the member of staff.
