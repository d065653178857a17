-- How many generations of the contacts' keys from before that time were destroyed, and how many still open something.
CREATE FUNCTION keys.fate(contacts bytea[], before timestamptz) RETURNS TABLE (destroyed integer, alive integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = keys, pg_temp AS $$
    SELECT count(*) FILTER (WHERE destroyed_at IS NOT NULL)::integer, count(*) FILTER (WHERE destroyed_at IS NULL)::integer
    FROM contact_key WHERE contact = ANY (contacts) AND created_at < before
$$;
REVOKE ALL ON FUNCTION keys.fate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keys.fate TO seadesk_retention_purger;
