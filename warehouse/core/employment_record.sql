-- core.employment_record
-- Grain: one row per provider, person and day of recording an employment status, as last submitted.
-- Records without a date are left out: nothing says whether they came first or last.
CREATE VIEW core.employment_record AS
SELECT
    provider, person_id, recorded_on, first_month, last_month, submitted_records, employment_status, weekly_hours,
    self_employed, sickness_absence, statutory_sick_pay, receives_benefit, jobseekers_allowance,
    employment_support_allowance, universal_credit, personal_independence_payment, other_benefit,
    employment_support_suitable, employment_support_referred_on, employment_support_discharged_on
FROM work.employment_day
WHERE recorded_on IS NOT NULL AND is_person_known
