-- Translator-gateway: the memory keeps translations of templates only. What agents wrote, kept by earlier versions, may name
-- people: it goes. Redis forgets its part within seven days.
SET LOCAL ROLE seadesk_translator_gateway;
SET LOCAL search_path = translator_gateway;

TRUNCATE tm;
COMMENT ON TABLE tm IS 'translations of templates, without their variables: no word that a person wrote';

RESET ROLE;
RESET search_path;
