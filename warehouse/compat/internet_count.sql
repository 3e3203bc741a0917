-- compat.internet_count
-- Grain: one row per pathway with a log of internet-enabled therapy: how many. A log of 0 minutes is one too.
CREATE OR REPLACE VIEW compat.internet_count AS
SELECT provider, service_request_id, count(*) AS logs
FROM core.internet_log
GROUP BY provider, service_request_id

-- Columns of compat.internet_count: One row per pathway with a log of internet-enabled therapy.
--   provider, key: ODS code of the provider.
--   service_request_id, key: Pseudonym of the provider's service request id.
--   logs: Logs, those of 0 minutes included.
