-- A conversation is a customer's, not a contact's: whoever was joined before goes on with the oldest contact's.

SET LOCAL ROLE seadesk_router;
SET LOCAL search_path = router;
SET LOCAL enable_seqscan = on;
UPDATE contact c SET conversation_id = o.conversation_id
FROM (SELECT DISTINCT ON (customer_id) customer_id, conversation_id FROM contact ORDER BY customer_id, created_at, contact_key) o
WHERE c.customer_id = o.customer_id AND c.conversation_id <> o.conversation_id;
RESET ROLE;
RESET search_path;
