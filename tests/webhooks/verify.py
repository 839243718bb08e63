"""Verifies deliveries by the official Python library: `python verify.py deliveries.json`."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError


def refuses(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return True
    return False


with open(sys.argv[1], encoding="utf-8") as file:
    deliveries = json.load(file)
assert deliveries
for delivery in deliveries:
    headers, body = delivery["headers"], delivery["body"]
    for secret in delivery["right"]:
        assert Webhook(secret).verify(body, headers) == json.loads(body)
        assert refuses(secret, body + " ", headers)
    assert refuses(delivery["wrong"], body, headers)
