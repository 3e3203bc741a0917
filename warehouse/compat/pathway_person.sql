-- compat.pathway_person
-- Grain: one row per pathway, with the record number of its person.
CREATE OR REPLACE VIEW compat.pathway_person AS
SELECT p.provider, p.service_request_id, h.person_number
FROM core.pathway AS p
LEFT JOIN compat.person_number AS h ON h.provider = p.provider AND h.person_id = p.person_id

-- Columns of compat.pathway_person: One row per pathway, with the number of its person.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
--   person_number: Number of the person; NULL where no patient record was accepted. Holds within one release.
