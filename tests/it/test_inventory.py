"""test_inventory.py: retention.yaml names every table with its columns and every topic, and nothing that isn't there."""
import re

import pytest
import yaml
from kafka import KafkaConsumer

from stack import CHECKOUT

COLUMNS = """
    SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'seadesk')
     GROUP BY n.nspname, c.relname"""


@pytest.fixture(scope="module")
def inventory():
    return yaml.safe_load((CHECKOUT / "deploy/config/retention.yaml").read_text())


def tables_of(pg, keys_pg):
    """Every table of both databases; `seadesk` only holds the record of migrations."""
    return {(schema, table): columns for database in (pg, keys_pg) for schema, table, columns in database.query(COLUMNS)}


def test_every_column_is_in_the_inventory(inventory, pg, keys_pg):
    listed = {entry["name"]: entry["columns"] for entry in inventory["tables"]}
    missing = []
    for (schema, table), columns in sorted(tables_of(pg, keys_pg).items()):
        known = listed.get(f"{schema}.{table}", listed.get(f"*.{table}", []))
        missing += [f"{schema}.{table}.{column}" for column in columns if column not in known]
    assert not missing, "add to deploy/config/retention.yaml: " + ", ".join(missing)


def test_nothing_in_the_inventory_is_gone(inventory, pg, keys_pg):
    tables = tables_of(pg, keys_pg)
    gone = []
    for entry in inventory["tables"]:
        schema, table = entry["name"].split(".")
        found = [columns for (s, t), columns in tables.items() if t == table and schema in ("*", s)]
        if not found:
            gone.append(entry["name"])
        gone += [f"{entry['name']}.{column}" for column in entry["columns"] for columns in found if column not in columns]
    assert not gone, "take out of deploy/config/retention.yaml: " + ", ".join(gone)


def test_every_topic_is_in_the_inventory(inventory, env):
    consumer = KafkaConsumer(bootstrap_servers=env["SEADESK_KAFKA"])
    topics = {topic for topic in consumer.topics() if topic.startswith("seadesk.")}
    consumer.close()
    assert topics == {entry["name"] for entry in inventory["topics"]}


def test_every_family_of_redis_keys_is_in_the_inventory(inventory, redis):
    """What the programs write by their sources, and what lies in Redis now."""
    families = [entry["name"].rstrip("*") for entry in inventory["redis"]]
    sources = [path for folder in ("services", "common") for path in (CHECKOUT / folder).rglob("*.c")]
    written = {match for path in sources for match in re.findall(r"""['\"](sd:[a-z]+:)""", path.read_text())}
    assert written and written <= set(families)
    strangers = [key for key in redis.scan_iter(count=1000) if not key.startswith(tuple(families))]
    assert not strangers, f"{len(strangers)} keys such as {strangers[0].split(':')[:2]}"
