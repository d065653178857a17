-- Media-fetcher: files that come inside their message, in pieces on seadesk.files.
SET LOCAL ROLE seadesk_media_fetcher;
SET LOCAL search_path = media_fetcher;

-- How many pieces there are to wait for, each a row of `part`; 0: the file is to be fetched. A piece that comes before its message makes
-- the item: pending, without source, never due, until the message or the end of its time comes.
ALTER TABLE item ADD COLUMN pieces smallint NOT NULL DEFAULT 0;

CREATE OR REPLACE VIEW story_v AS
SELECT event_id AS root_id, at, 'media-fetcher'::text AS service,
       'attachment ' || index
           || CASE WHEN pieces = 0
                   THEN (ARRAY[' waits to be fetched', ' fetched', ' can''t be fetched', ' not taken'])[state]
                   ELSE (ARRAY[' waits for its pieces', ' kept', ' didn''t come whole', ' not taken'])[state] END
           || CASE WHEN reason = '' THEN '' ELSE ': ' || reason END AS what,
       'seadesk.messages'::text AS topic, number::int AS partition, "offset", NULL::uuid AS event_id,
       event_id AS caused_by
FROM item WHERE source IS NOT NULL OR due_at IS NOT NULL OR state <> 1;
RESET ROLE;
RESET search_path;
