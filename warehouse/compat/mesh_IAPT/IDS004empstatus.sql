-- mesh_IAPT.IDS004empstatus
-- Grain: one row per provider, person, day of recording and reported month from the first to the last that sent it.
CREATE OR REPLACE VIEW mesh_IAPT.IDS004empstatus AS
WITH numbered AS (
    SELECT *, row_number() OVER (ORDER BY provider, person_id, recorded_on) AS number
    FROM core.employment_record
)
SELECT
    e.number * 10000 + m.month_id AS UniqueID_IDS004, m.submission_id AS UniqueSubmissionID, m.audit_id AS AuditId,
    m.month_id AS Unique_MonthID, m.record_number AS RecordNumber, m.provider AS OrgID_Provider,
    CAST(m.person_id AS VARCHAR) AS Person_ID, e.employment_status AS EmployStatus,
    e.recorded_on AS EmployStatusRecDate,
    e.weekly_hours AS WeekHoursWorked, e.self_employed AS SelfEmployInd, e.sickness_absence AS SickAbsenceInd,
    e.statutory_sick_pay AS SSPInd, e.receives_benefit AS BenefitRecInd, e.jobseekers_allowance AS JSAInd,
    e.employment_support_allowance AS ESAInd, e.universal_credit AS UCInd,
    e.personal_independence_payment AS PIPInd, e.other_benefit AS OtherBenefitInd,
    e.employment_support_suitable AS EmpSupportInd, e.employment_support_referred_on AS EmpSupportReferral,
    e.employment_support_discharged_on AS EmpSupportDischargeDate
FROM numbered AS e
INNER JOIN compat.person_month AS m
    ON m.provider = e.provider AND m.person_id = e.person_id AND m.month BETWEEN e.first_month AND e.last_month

-- Columns of mesh_IAPT.IDS004empstatus: One row per provider, person, day of recording and reported month from the
--     first to the last that sent it.
--   UniqueID_IDS004, key: Number of the row. Holds within one release.
--   UniqueSubmissionID: Id of the submission in the ledger.
--   AuditId: Number of the submission: the join key of the national tables. Holds within one release.
--   Unique_MonthID: Number of the month: months since April 1900, which is 1.
--   RecordNumber: Number of the person in the month: joins a row to IDS001mpi. Empty where no patient record was
--       accepted. Holds within one release.
--   OrgID_Provider: ODS code of the provider.
--   Person_ID: Pseudonym of the person.
--   EmployStatus: Employment status code.
--   EmployStatusRecDate [date]: Day it was recorded; records without one are left out.
--   WeekHoursWorked: Band of weekly hours worked.
--   SelfEmployInd: Whether an employed person is self-employed.
--   SickAbsenceInd: Whether an employed person is off work sick.
--   SSPInd: Whether the person receives Statutory Sick Pay.
--   BenefitRecInd: Whether the person receives a benefit.
--   JSAInd: Whether the person receives Jobseeker's Allowance.
--   ESAInd: Whether the person receives Employment and Support Allowance.
--   UCInd: Whether the person receives Universal Credit.
--   PIPInd: Whether the person receives a Personal Independence Payment.
--   OtherBenefitInd: Whether the person receives another benefit.
--   EmpSupportInd: Whether employment support would suit the person.
--   EmpSupportReferral [date]: Day of referral to employment support.
--   EmpSupportDischargeDate [date]: Day of discharge from employment support.
