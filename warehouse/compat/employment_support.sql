-- compat.employment_support
-- Grain: one row per pathway with an employment support contact (attended or unplanned, not refused).
CREATE OR REPLACE VIEW compat.employment_support AS
SELECT
    a.provider, a.service_request_id, count(DISTINCT (a.care_contact_id, a.contact_on)) AS contacts,
    min(a.contact_on) AS first_on, max(a.contact_on) AS last_on
FROM core.activity AS a
INNER JOIN core.contact AS c
    ON c.provider = a.provider AND c.care_contact_id = a.care_contact_id AND c.contact_on = a.contact_on
WHERE a.therapy_type = 'EMS' AND NOT a.is_refused AND (c.is_attended OR c.planned = 'N')
GROUP BY a.provider, a.service_request_id

-- Columns of compat.employment_support: One row per pathway with an employment support contact (attended or
--     unplanned, not refused).
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
--   contacts: Contacts.
--   first_on [date]: Day of the first.
--   last_on [date]: Day of the latest.
