-- compat.contact_count
-- Grain: one row per pathway and day with a contact: how many contacts there were up to and on that day. It holds until
-- the day before the next one.
CREATE OR REPLACE VIEW compat.contact_count AS
WITH daily AS (
    SELECT
        provider, service_request_id, contact_on, count(*) AS contacts,
        count(*) FILTER (WHERE is_treatment) AS treatments, max(contact_on) FILTER (WHERE is_treatment) AS treated_on
    FROM core.contact
    GROUP BY provider, service_request_id, contact_on
)
SELECT
    provider, service_request_id, contact_on, lead(contact_on) OVER so_far AS next_on,
    sum(contacts) OVER so_far AS care_contacts, sum(treatments) OVER so_far AS treatment_contacts,
    max(treated_on) OVER so_far AS last_treatment_on
FROM daily
WINDOW so_far AS (PARTITION BY provider, service_request_id ORDER BY contact_on)

-- Columns of compat.contact_count: One row per pathway and day with a contact: how many there were until then.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
--   contact_on [date], key: Day of the contact.
--   next_on [date]: Day of the next contact; NULL for the last.
--   care_contacts [contacts]: Care contacts up to and on that day, attended or not.
--   treatment_contacts [contacts]: Treatment contacts up to and on that day.
--   last_treatment_on [date]: Latest treatment contact up to and on that day; NULL while there is none.
