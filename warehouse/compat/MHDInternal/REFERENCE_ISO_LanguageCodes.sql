-- MHDInternal.REFERENCE_ISO_LanguageCodes
-- Grain: one row per language code.
CREATE OR REPLACE VIEW MHDInternal.REFERENCE_ISO_LanguageCodes AS
SELECT language AS LanguageCode, name AS LanguageName
FROM ref.language

-- Columns of MHDInternal.REFERENCE_ISO_LanguageCodes: One row per language code.
--   LanguageCode, key: Two letters of ISO 639-1, or a code of the NHS Data Dictionary beside it.
--   LanguageName: Name in English.
