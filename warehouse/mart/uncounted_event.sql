-- mart.uncounted_event
-- Grain: one row per provider, as submitted, month and date that events in it have: events that no figure counts.
-- An event counts in the month of its date if its provider submitted that month; without that submission the month
-- would be half counted. The extract of a later month may name such events. They are listed here, so none is lost
-- silently.
CREATE TABLE mart.uncounted_event AS
SELECT
    u.provider, l.current_provider, u.month, u.grain, u.date_column, u.records,
    CASE WHEN u.month < p.first_month THEN 'before the first submission' ELSE 'no submission for the month' END
        AS reason
FROM monthly_count.uncounted AS u
INNER JOIN ref.provider_place AS l ON l.provider = u.provider
INNER JOIN core.provider AS p ON p.provider = u.provider

-- Columns of mart.uncounted_event: Events that are known and count in no figure, because their provider has no
--     submission for their month: one row per provider, month, grain and date.
--   provider, key: ODS code of the provider.
--   current_provider: ODS code of the provider in whose figures they are missing.
--   month [month], key: First day of the month of their date.
--   grain, key: Rows that measures of this grain would count (mart.measure.grain).
--   date_column, key: Date that places them in the month (mart.measure.date_column).
--   records [rows]: How many there are.
--   reason: before the first submission (of this provider), or no submission for the month.
