-- work.employment_day
-- Grain: one row per provider, person and day of recording an employment status (no day is one too), as last
-- submitted. Where the patient's own row was rejected, the provider's token of the patient replaces the person.
CREATE TABLE work.employment_day AS
WITH latest AS (
    SELECT
        e.provider, coalesce(p.person_id, e.LocalPatientId) AS person_id, max(e.recency) AS recency,
        arg_max(p.person_id IS NOT NULL, e.recency) AS is_person_known, min(e.month) AS first_month,
        count(*) AS submitted_records
    FROM staged.IDS004 AS e
    LEFT JOIN work.patient AS p
        ON p.submission_id = e.submission_id AND p.local_patient_id = e.LocalPatientId
    GROUP BY e.provider, coalesce(p.person_id, e.LocalPatientId), e.EmployStatusRecDate
)
SELECT
    k.provider, l.person_id, l.is_person_known, k.EmployStatusRecDate AS recorded_on, l.first_month,
    k.month AS last_month, l.submitted_records, k.EmployStatus AS employment_status,
    k.WeekHoursWorked AS weekly_hours, k.SelfEmployInd AS self_employed, k.SickAbsenceInd AS sickness_absence,
    k.SSPInd AS statutory_sick_pay, k.BenefitRecInd AS receives_benefit, k.JSAInd AS jobseekers_allowance,
    k.ESAInd AS employment_support_allowance, k.UCInd AS universal_credit,
    k.PIPInd AS personal_independence_payment, k.OtherBenefitInd AS other_benefit,
    k.EmpSupportInd AS employment_support_suitable, k.EmpSupportReferral AS employment_support_referred_on,
    k.EmpSupportDischargeDate AS employment_support_discharged_on
FROM staged.IDS004 AS k
INNER JOIN latest AS l ON l.provider = k.provider AND l.recency = k.recency
