-- Run by the postgres image when its volume is new: the second database, which holds the data keys.
CREATE DATABASE seadesk_keys;
