-- Media-fetcher reads what ingest sealed, to find attachments, and seals them under the contacts' keys.

SET LOCAL search_path = keys;
GRANT USAGE ON SCHEMA keys TO seadesk_media_fetcher;
GRANT EXECUTE ON FUNCTION wrappings, add_wrapping, dead_days, intake_days, ensure, open TO seadesk_media_fetcher;
RESET search_path;
