-- core.employment
-- Grain: one row per provider and person: the latest recorded employment status.
-- A status without a recording date counts as the oldest: nothing says that it is newer.
-- Where the patient's own row was rejected, the provider's token of the patient stands for the person.
CREATE TABLE core.employment AS
WITH known AS (
    SELECT e.*, coalesce(p.person_id, e.LocalPatientId) AS person_id
    FROM staged.IDS004 AS e
    LEFT JOIN work.patient AS p
        ON p.submission_id = e.submission_id AND p.local_patient_id = e.LocalPatientId
),
ranked AS (
    SELECT
        e.provider, e.person_id, e.EmployStatusRecDate AS recorded_on, e.month,
        e.EmployStatus AS employment_status, e.WeekHoursWorked AS weekly_hours,
        e.SickAbsenceInd AS sickness_absence, e.SSPInd AS statutory_sick_pay,
        e.BenefitRecInd AS receives_benefit, e.EmpSupportReferral AS employment_support_referred_on,
        row_number() OVER (
            PARTITION BY e.provider, e.person_id
            ORDER BY e.EmployStatusRecDate DESC NULLS LAST, e.month DESC, e.row_number DESC
        ) AS recency,
        count(*) OVER (PARTITION BY e.provider, e.person_id) AS submitted_records
    FROM known AS e
)
SELECT
    provider, person_id, recorded_on, month AS last_month, submitted_records, employment_status, weekly_hours,
    sickness_absence, statutory_sick_pay, receives_benefit, employment_support_referred_on
FROM ranked
WHERE recency = 1
