-- core.employment_record
-- Grain: one row per provider, person and day of recording an employment status, as last submitted.
-- Records without a date are left out, because their order is unknown.
CREATE VIEW core.employment_record AS
SELECT
    provider, person_id, recorded_on, first_month, last_month, submitted_records, employment_status, weekly_hours,
    self_employed, sickness_absence, statutory_sick_pay, receives_benefit, jobseekers_allowance,
    employment_support_allowance, universal_credit, personal_independence_payment, other_benefit,
    employment_support_suitable, employment_support_referred_on, employment_support_discharged_on
FROM work.employment_day
WHERE recorded_on IS NOT NULL AND is_person_known

-- Columns of core.employment_record: One row per provider, person and day an employment status was recorded on
--     (IDS004).
--   provider, key: ODS code of the provider.
--   person_id, key: Pseudonym of the person.
--   recorded_on [date], key: Day it was recorded; records without one are left out.
--   first_month [month]: First day of the earliest month that carries it.
--   last_month [month]: First day of the latest month that carries it.
--   submitted_records [rows]: Submitted rows of current submissions that this row combines.
--   employment_status: Employment status code.
--   weekly_hours: Band of weekly hours worked.
--   self_employed: Whether an employed person is self-employed.
--   sickness_absence: Whether an employed person is off work sick.
--   statutory_sick_pay: Whether the person receives Statutory Sick Pay.
--   receives_benefit: Whether the person receives a benefit.
--   jobseekers_allowance: Whether the person receives Jobseeker's Allowance.
--   employment_support_allowance: Whether the person receives Employment and Support Allowance.
--   universal_credit: Whether the person receives Universal Credit.
--   personal_independence_payment: Whether the person receives a Personal Independence Payment.
--   other_benefit: Whether the person receives another benefit.
--   employment_support_suitable: Whether employment support would suit the person (Y, N, or NA).
--   employment_support_referred_on [date]: Day of referral to employment support.
--   employment_support_discharged_on [date]: Day of discharge from employment support.
