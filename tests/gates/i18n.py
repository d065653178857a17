#!/usr/bin/env python3
"""Fails unless both languages of the desk's page have the same keys, and every key that the page uses exists."""
import json
import re
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "services/desk/web"

# Codes of contract.md that the page shows in words: a family's keys are family.code.
FAMILIES = {
    "status": "open offered assigned waiting snoozed resolved closed",
    "translation": "pending failed held",
    "delivery": "drafted held blocked queued accepted delivered read failed dropped returned uncertain",
    "clock": "acknowledgement first_response next_response resolution",
    "clock_state": "running paused warned met breached cancelled",
    "call_outcome": "going_on answered missed busy voicemail failed",
    "presence": "online away offline",
    "consent": "service marketing recording",
    "tag": "issue emotion product_version stage",
    "refused": "not_open not_assigned_to_you already_assigned no_capacity unknown_target window_closed",
    "problem": "malformed invalid key-reused not-found too-large",
    "fact": "placed paid changed cancelled dispatched scanned in_customs customs_held customs_cleared "
            "address_problem address_corrected out_for_delivery delivery_failed delivered returned",
}
# Families whose codes are open: unknown ones are shown as they are.
OPEN_FAMILIES = {"market", "channel", "reason", "decision", "milestone", "exception", "notice", "tier",
                 "theme", "link", "tag_issue", "tag_emotion", "tag_stage"}


def load(path, errors):
    def unique(pairs):
        keys = [key for key, _ in pairs]
        errors.extend(f"{path.name}: {key} is there twice" for key in {k for k in keys if keys.count(k) > 1})
        return dict(pairs)
    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=unique)


def used_keys(errors):
    """Keys and families named in the page's modules and skeleton."""
    keys, families = set(), set()
    for path in sorted(WEB.glob("*.js")):
        text = path.read_text(encoding="utf-8")
        keys.update(re.findall(r'\bt\("([^"]+)"', text))
        families.update(re.findall(r'\bcode\("([^"]+)"', text))
        for prefix in re.findall(r"\bcode\(`([a-z_]+)\$", text):
            families.update(family for family in set(FAMILIES) | OPEN_FAMILIES if family.startswith(prefix))
        if path.name != "i18n.js":
            for call in re.findall(r"(?<![\w.])t\((?!\")[^)]*\)?", text):
                errors.append(f"{path.name}: {call}: the key must be a literal")
    html = (WEB / "index.html").read_text(encoding="utf-8")
    keys.update(re.findall(r'data-i18n="([^"]+)"', html))
    for pairs in re.findall(r'data-i18n-attr="([^"]+)"', html):
        keys.update(pair.split(":", 1)[1] for pair in pairs.split())
    return keys, families


def main():
    errors = []
    english, chinese = (load(WEB / "i18n" / f"{tag}.json", errors) for tag in ("en", "zh-CN"))
    errors += [f"zh-CN.json lacks {key}" for key in sorted(english.keys() - chinese.keys())]
    errors += [f"en.json lacks {key}" for key in sorted(chinese.keys() - english.keys())]
    for tag, words in (("en", english), ("zh-CN", chinese)):
        errors += [f"{tag}.json: {key} is empty" for key, text in words.items() if not text.strip()]
    for key in english.keys() & chinese.keys():
        names = [sorted(re.findall(r"\{(\w+)\}", words[key])) for words in (english, chinese)]
        if names[0] != names[1]:
            errors.append(f"{key}: the languages differ in their {{values}}")
    keys, families = used_keys(errors)
    errors += [f"{key} is used but in no file" for key in sorted(keys - english.keys())]
    known = set(FAMILIES) | OPEN_FAMILIES
    errors += [f"{family} is a family this gate doesn't know" for family in sorted(families - known)
               if any(key.startswith(family + ".") for key in english)]
    for family, codes in FAMILIES.items():
        errors += [f"{family}.{value} is in the contract but in no file" for value in codes.split()
                   if f"{family}.{value}" not in english]
    errors += [f"{key} is used nowhere" for key in sorted(english.keys() - keys)
               if key.split(".")[0] not in families]
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
