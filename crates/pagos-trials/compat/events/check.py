"""Runs the official package of Standard Webhooks, unmodified, on the signatures that our events have.

`crates/pagos-events/tests/oracle.rs` checks that we make these very signatures. The twin is not used.
"""

import datetime
import json
import pathlib
import sys

from standardwebhooks import Webhook, WebhookVerificationError

CASES = pathlib.Path(__file__).parents[3] / "pagos-events/tests/signatures.json"


def signs_alike(case):
    at = datetime.datetime.fromtimestamp(case["timestamp"], datetime.timezone.utc)
    return Webhook(case["secret"]).sign(case["id"], at, case["body"]) == case["signature"]


def verifies(case):
    """A fresh event under two secrets, and the same one changed."""
    now = datetime.datetime.now(datetime.timezone.utc)
    webhook = Webhook(case["secret"])
    signature = webhook.sign(case["id"], now, case["body"])
    headers = {
        "webhook-id": case["id"],
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"{case['signature']} {signature}",
    }
    webhook.verify(case["body"], headers, json_parse=False)
    try:
        webhook.verify(case["body"] + " ", headers, json_parse=False)
    except WebhookVerificationError:
        return True
    return False


def main():
    failed = 0
    for case in json.loads(CASES.read_text(encoding="utf-8")):
        for check in (signs_alike, verifies):
            is_good = check(case)
            failed += not is_good
            print("ok" if is_good else "failed", f"{check.__name__} {case['id']}")
    return 1 if failed else 0


sys.exit(main())
