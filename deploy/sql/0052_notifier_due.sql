-- Notifier: due deliveries are taken account by account, so that one whose provider's limit is reached keeps nobody else waiting.
-- What is sent at once never enters the index.
SET LOCAL ROLE seadesk_notifier;
SET LOCAL search_path = notifier;

CREATE INDEX delivery_waiting ON delivery (channel, account, due_at) WHERE state IN (1, 2);

RESET ROLE;
RESET search_path;
