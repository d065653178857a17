-- Media-fetcher: the oldest due attachment is found without sorting all that are due, which are many after an outage; and what
-- is forgotten in one call is bounded by bytes as well: fifty files of at most 32 MiB go within a statement's time.
SET LOCAL ROLE seadesk_media_fetcher;
SET LOCAL search_path = media_fetcher;

DROP INDEX item_due;
CREATE INDEX item_due ON item (due_at) WHERE due_at IS NOT NULL;

CREATE OR REPLACE FUNCTION forget(today date) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = media_fetcher, pg_temp AS $$
DECLARE
    went bigint;
BEGIN
    DELETE FROM item WHERE item_id = ANY (ARRAY(
        SELECT item_id FROM item WHERE gone <= today LIMIT 50 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS went = ROW_COUNT;
    RETURN went;
END
$$;

RESET ROLE;
RESET search_path;
