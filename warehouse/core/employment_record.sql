-- core.employment_record
-- Grain: one row per provider, person and day of recording an employment status, as last submitted.
-- Records without a date are left out: nothing says whether they came first or last.
CREATE TABLE core.employment_record AS
WITH ranked AS (
    SELECT
        e.*, p.person_id,
        row_number() OVER (
            PARTITION BY e.provider, p.person_id, e.EmployStatusRecDate ORDER BY e.month DESC, e.row_number DESC
        ) AS recency,
        min(e.month) OVER (PARTITION BY e.provider, p.person_id, e.EmployStatusRecDate) AS first_month,
        count(*) OVER (PARTITION BY e.provider, p.person_id, e.EmployStatusRecDate) AS submitted_records
    FROM staged.IDS004 AS e
    INNER JOIN work.patient AS p
        ON p.submission_id = e.submission_id AND p.local_patient_id = e.LocalPatientId
    WHERE e.EmployStatusRecDate IS NOT NULL
)
SELECT
    provider, person_id, EmployStatusRecDate AS recorded_on, first_month, month AS last_month,
    submitted_records, EmployStatus AS employment_status, WeekHoursWorked AS weekly_hours,
    SelfEmployInd AS self_employed,
    SickAbsenceInd AS sickness_absence, SSPInd AS statutory_sick_pay, BenefitRecInd AS receives_benefit,
    JSAInd AS jobseekers_allowance, ESAInd AS employment_support_allowance, UCInd AS universal_credit,
    PIPInd AS personal_independence_payment, OtherBenefitInd AS other_benefit,
    EmpSupportInd AS employment_support_suitable, EmpSupportReferral AS employment_support_referred_on,
    EmpSupportDischargeDate AS employment_support_discharged_on
FROM ranked
WHERE recency = 1
