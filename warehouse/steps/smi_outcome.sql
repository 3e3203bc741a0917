-- work.smi_outcome
-- Grain: one row per referral for severe mental illness with a score: the scores of its other measures.
-- In Talking Therapies depression, anxiety and trauma are the problem itself, so they do not co-occur.
-- Not measured is NULL, not «no case». PCL-5 takes precedence over IES-R, as in the catalogue.
CREATE TABLE work.smi_outcome AS
SELECT
    o.referral_number,
    bool_or(is_case_first) FILTER (WHERE instrument = 'PHQ9') AS has_depression_first,
    bool_or(is_case_first) FILTER (WHERE instrument = 'GAD7') AS has_anxiety_first,
    coalesce(
        bool_or(is_case_first) FILTER (WHERE instrument = 'PCL5'),
        bool_or(is_case_first) FILTER (WHERE instrument = 'IESR')
    ) AS has_trauma_first,
    bool_or(starts_with(instrument, 'DIALOG_') AND is_paired) AS is_dialog_paired,
    bool_or(starts_with(instrument, 'GBO_') AND is_paired) AS is_gbo_paired
FROM core.outcome AS o
INNER JOIN ref.pathway AS w ON w.pathway = o.pathway AND w.measure_set = 'severe_mental_illness'
GROUP BY o.referral_number
