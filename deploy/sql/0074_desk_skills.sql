-- What an agent can do that a queue may need (routing.yaml, needs).
SET LOCAL ROLE seadesk_desk;
SET LOCAL search_path = desk;

ALTER TABLE account ADD COLUMN skills text[] NOT NULL DEFAULT '{}';
UPDATE account SET skills = '{native-ja}' WHERE is_demo AND user_name = 'wei';

CREATE OR REPLACE VIEW agent_v AS
SELECT user_name AS "user", name, languages, queues, staff_number, role, skills FROM account WHERE is_active;

RESET ROLE;
RESET search_path;
