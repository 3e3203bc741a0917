-- public.condition
-- Grain: one row per condition (pathway). Reference data, no figures.
CREATE TABLE public.condition AS
SELECT
    p.pathway, p.pathway_name AS name, p.measure_set, p.severity_measure AS main_measure, i.name AS main_measure_name,
    (
        SELECT string_agg(c.complaint_prefix, ' ' ORDER BY c.complaint_prefix)
        FROM ref.pathway_complaint AS c
        WHERE c.pathway = p.pathway
    ) AS diagnoses
FROM ref.pathway AS p
LEFT JOIN ref.instrument AS i ON i.instrument = p.severity_measure
WHERE p.measure_set IS NOT NULL

-- Columns of public.condition: One row per condition that the services treat: how it is recognised and measured.
--   pathway, key: Pathway code.
--   name: Name of the condition.
--   measure_set: Which set of measures is counted for it: talking_therapies or severe_mental_illness.
--   main_measure: Instrument that decides whether people got better.
--   main_measure_name: Its name.
--   diagnoses [ICD-10]: Starts of the diagnosis codes of the condition, separated by blanks.
