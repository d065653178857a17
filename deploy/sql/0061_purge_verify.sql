-- What retention-purger looks at in the others' schemas: rows that an erasure left over, and how far topics were read.

SET LOCAL ROLE seadesk_retention_purger;
SET LOCAL search_path = retention_purger;

-- Asks <schema>.left_of(contacts, before) of every owner who lets us: rows of these contacts from before their erasure.
CREATE FUNCTION left_of(request uuid) RETURNS TABLE (store text, rows bigint)
LANGUAGE plpgsql SET search_path = retention_purger, pg_temp AS $$
DECLARE
    owner text;
    subjects bytea[];
    before timestamptz;
BEGIN
    SELECT r.contacts, min(e.at) INTO subjects, before
        FROM request r JOIN erased e ON e.contact_key = ANY (r.contacts) WHERE r.request_id = request GROUP BY r.contacts;
    FOR owner IN
        SELECT n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.proname = 'left_of' AND p.pronargs = 2 AND n.nspname <> 'retention_purger'
          AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1
    LOOP
        RETURN QUERY EXECUTE format('SELECT * FROM %I.left_of($1, $2) WHERE rows > 0', owner) USING subjects, before;
    END LOOP;
END
$$;
REVOKE EXECUTE ON FUNCTION left_of(uuid) FROM PUBLIC;
RESET ROLE;

-- Day keys die when their readers are past that day.
SET LOCAL ROLE seadesk_router;
GRANT SELECT ON router.source, router.parked TO seadesk_retention_purger;
RESET ROLE;
RESET search_path;
