-- work.contact_summary
-- Grain: one row per referral with a contact: how its treatment contacts took place.
-- The site is that of the first treatment contact; of several that day the first in the alphabet.
-- The main medium and mode have most treatment contacts; ties go to the one listed first here. A pathway is in
-- the preferred language when more of its treatment contacts were in it than in another.
CREATE TABLE work.contact_summary AS
WITH counted AS (
    SELECT
        c.referral_number,
        count(*) FILTER (WHERE c.is_treatment AND c.medium = '01') AS face_to_face,
        count(*) FILTER (WHERE c.is_treatment AND c.medium = '02') AS telephone,
        count(*) FILTER (WHERE c.is_treatment AND c.medium IN ('03', '11')) AS video,
        count(*) FILTER (WHERE c.is_treatment AND c.medium IN ('05', '06', '08', '09', '10', '12', '13'))
            AS written,
        count(*) FILTER (WHERE c.is_treatment AND c.medium IN ('04', '07', '98')) AS other_medium,
        count(*) FILTER (WHERE c.is_treatment AND c.therapy_mode = '1') AS individual,
        count(*) FILTER (WHERE c.is_treatment AND c.therapy_mode = '2') AS couple,
        count(*) FILTER (WHERE c.is_treatment AND c.therapy_mode = '3') AS in_group,
        min(c.site) FILTER (WHERE c.is_treatment AND c.contact_on = l.first_treatment_on) AS site,
        CAST(sum(c.duration_minutes) FILTER (WHERE c.is_attended) AS BIGINT) AS contact_minutes,
        count(*) FILTER (WHERE c.is_attended) AS attended,
        count(*) FILTER (WHERE c.is_attended AND c.medium = '01') AS attended_face_to_face,
        count(*) FILTER (WHERE c.is_attended AND c.integrated_ltc_service = 'Y') AS integrated,
        min(c.contact_on) FILTER (WHERE c.is_attended AND c.integrated_ltc_service = 'Y') AS first_integrated_on,
        min(c.contact_on) FILTER (WHERE c.is_treatment AND c.integrated_ltc_service = 'Y')
            AS first_integrated_treatment_on,
        count(*) FILTER (WHERE c.is_treatment AND c.internet_therapy_programme IS NULL) AS without_programme,
        count(*) FILTER (WHERE c.is_treatment AND c.internet_therapy_programme IS NOT NULL) AS with_programme,
        count(*) FILTER (WHERE c.is_treatment AND lower(c.treatment_language) = l.preferred) AS preferred,
        count(*) FILTER (WHERE c.is_treatment AND lower(c.treatment_language) <> l.preferred) AS not_preferred,
        count(*) FILTER (WHERE c.is_treatment AND c.interpreter = '1') AS professional,
        count(*) FILTER (WHERE c.is_treatment AND c.interpreter = '2') AS family,
        count(*) FILTER (WHERE c.is_treatment AND c.interpreter = '3') AS another
    FROM core.contact AS c
    INNER JOIN (
        SELECT p.referral_number, p.first_treatment_on, lower(q.preferred_language) AS preferred
        FROM core.pathway AS p
        LEFT JOIN core.person AS q ON q.provider = p.provider AND q.person_id = p.person_id
    ) AS l ON l.referral_number = c.referral_number
    GROUP BY c.referral_number
)
SELECT
    referral_number, site, contact_minutes, first_integrated_on, first_integrated_treatment_on, with_programme,
    without_programme,
    CASE
        WHEN face_to_face > 0 AND face_to_face >= greatest(telephone, video, written, other_medium)
            THEN 'face to face'
        WHEN telephone > 0 AND telephone >= greatest(video, written, other_medium) THEN 'telephone'
        WHEN video > 0 AND video >= greatest(written, other_medium) THEN 'video'
        WHEN written > 0 AND written >= other_medium THEN 'written'
        WHEN other_medium > 0 THEN 'other'
    END AS main_medium,
    CASE
        WHEN individual > 0 AND individual >= greatest(couple, in_group) THEN 'individual'
        WHEN couple > 0 AND couple >= in_group THEN 'couple'
        WHEN in_group > 0 THEN 'group'
    END AS main_mode,
    CASE WHEN attended = 0 THEN 'nothing attended' WHEN attended_face_to_face > 0 THEN 'yes' ELSE 'no' END
        AS met_in_person,
    CASE WHEN attended = 0 THEN 'nothing attended' WHEN integrated > 0 THEN 'integrated' ELSE 'core only' END
        AS ltc_integrated,
    CASE
        WHEN preferred + not_preferred = 0 THEN 'not known'
        WHEN preferred <= not_preferred THEN 'another language'
        WHEN professional + family + another = 0 THEN 'preferred language'
        WHEN professional >= greatest(family, another) THEN 'preferred, professional interpreter'
        WHEN family >= another THEN 'preferred, family or friend interprets'
        ELSE 'preferred, another person interprets'
    END AS language_mode
FROM counted
