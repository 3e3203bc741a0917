-- public.condition_therapy
-- Grain: one row per condition and therapy that is given for it or that NICE recommends. Reference data, no figures.
CREATE TABLE public.condition_therapy AS
WITH given AS (
    SELECT DISTINCT unnest(string_split(pathways, ' ')) AS pathway, therapy_type, intensity
    FROM ref.therapy
    WHERE therapy_type IS NOT NULL AND pathways <> ''
),
intensity AS (
    SELECT therapy_type, min(intensity) AS intensity
    FROM ref.therapy
    WHERE therapy_type IS NOT NULL
    GROUP BY therapy_type
),
every AS (
    SELECT pathway, therapy_type FROM given
    UNION
    SELECT pathway, therapy_type FROM ref.therapy_standard
),
name AS (
    SELECT code, max(meaning) AS therapy FROM ref.code WHERE code_list = 'therapy_type' GROUP BY code
)
SELECT
    e.pathway, e.therapy_type, coalesce(n.therapy, e.therapy_type) AS therapy, t.intensity,
    s.source AS recommended_by, s.minimum_sessions, s.confidence, s.note
FROM every AS e
LEFT JOIN name AS n ON n.code = e.therapy_type
LEFT JOIN intensity AS t ON t.therapy_type = e.therapy_type
LEFT JOIN ref.therapy_standard AS s ON s.pathway = e.pathway AND s.therapy_type = e.therapy_type

-- Columns of public.condition_therapy: One row per condition and therapy that is given for it or recommended for it.
--   pathway, key: Pathway code (public.condition).
--   therapy_type, key: Type of therapy.
--   therapy: Its name.
--   intensity: high, low or other.
--   recommended_by: The NICE guideline that recommends it; NULL where none does.
--   minimum_sessions [sessions]: Sessions of the recommended dose; NULL where the guideline gives no number.
--   confidence: F: found in the source; R: recalled, to be checked against the guideline. NULL where none recommends it.
--   note: What the guideline adds.
