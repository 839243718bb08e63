"""The scenario, by the client that openapi-python-client makes."""

import os
import sys
from datetime import datetime, timezone

sys.path.insert(0, os.environ["SDK_CLIENTS"])

import httpx  # noqa: E402
from accolade import AuthenticatedClient, models  # noqa: E402
from accolade.api.badges import claim_badge, create_badge, get_badge  # noqa: E402
from accolade.api.customers import (  # noqa: E402
    get_customer_badge,
    list_customer_badges,
    put_customers,
)
from accolade.api.earning import earn_badge_bulk, post_customer_badges  # noqa: E402
from accolade.api.enrolment import enrol_customers, get_requests  # noqa: E402
from accolade.types import UNSET  # noqa: E402

server = os.environ["SDK_SERVER"]
credentials = {"key": "demo", "secret": "demo-secret"}
token = httpx.post(f"{server}/v3/oauth/token/generate", json=credentials)
client = AuthenticatedClient(base_url=server, token=token.json()["data"]["accessToken"])
owner = dict(owner_type=models.OwnerType.LOYALTY, reference_id="sdk-python")
never = models.ExpiryRequest(expiry_type="NEVER")

created = create_badge.sync(
    client=client,
    body=models.BadgeMetaRequest(
        name="SDK python",
        start_on=1_700_000_000,
        expires_on_iso=datetime(2090, 1, 1, tzinfo=timezone.utc),
        earn_type=models.EarnType.ISSUE_EARN,
        issued_badge_expiry=never,
        earned_badge_expiry=never,
        ownership=models.OwnershipRequest(restricted_to_owners=[models.OwnerType.LOYALTY]),
    ),
    x_cap_badges_migration="migration",
)
badge = created.data.id
assert created.data.status == models.BadgeStatus.LIVE, created
claimed = claim_badge.sync(badge, client=client, body=models.OwnerRequest(**owner))
assert claimed.data.badge_meta_id == badge, claimed

entry = models.CustomerEntry(customer_id="7201", email="python@example.org")
registered = put_customers.sync(client=client, body=models.CustomersRequest(customers=[entry]))
assert registered.data.customers[0].customer_id == 7201, registered


def enrol(customers, request_id, **headers):
    """What became of each of those customers: its number or identifier, its code, its status."""
    body = models.EnrolmentRequest(
        badge_meta_id=badge,
        customers=customers,
        request_id=request_id,
        triggered_by=models.TriggeredBy(**owner),
    )
    answer = enrol_customers.sync(client=client, body=body, **headers)
    return [
        (element.customer_id, element.error and element.error.code, element.status)
        for element in answer.data.issued_badges
    ]


active = models.EnrolmentStatus.ACTIVE
assert enrol([7202, "7203"], 7202) == [(7202, UNSET, active), (7203, UNSET, active)]
assert enrol(7204, "python-1") == [(7204, UNSET, active)]
found, unknown = enrol(
    ["python@example.org", "nobody@example.org"], "python-2", x_cap_customer_identifier="email"
)
assert found == (7201, UNSET, active), found
assert unknown[0] == "nobody@example.org" and unknown[1] and unknown[2] is UNSET, unknown

earned = earn_badge_bulk.sync(
    client=client,
    body=models.EarnBulkRequest(badge_meta_id=badge, customer_ids=[7201, 9], request_id="python-3"),
).data.issued_badges
assert earned[0].issued_id and earned[0].error is UNSET, earned
assert earned[1].error.code == 811 and earned[1].issued_id is UNSET, earned

row = models.ImportRow(
    badge_meta_id=badge,
    customer_id=7205,
    earn_event_date=1_710_000_000,
    earn_expires_on="2080-01-01T00:00:00Z",
)
imported = post_customer_badges.sync(client=client, body=[row], request_id="python-4")
assert imported[0].data.customer_id == 7205, imported

shown = list_customer_badges.sync("7201", client=client, badge_type="EARNED")
assert shown.data.badges[0].badge_meta_id == badge, shown
details = get_customer_badge.sync("7201", badge, client=client, include_statistics=True)
assert details.data.earn_details.earn_count == 1, details


def recorded(request_id):
    """The answer that this request got, in the type of its operation."""
    return get_requests.sync(request_id, client=client).data.requests[0].answer


assert isinstance(recorded("python-2"), models.Enrolment), recorded("python-2")
assert isinstance(recorded("python-3"), models.EarnedBulk), recorded("python-3")
assert recorded("python-4")[0].data.customer_id == 7205, recorded("python-4")

refused = get_badge.sync("0" * 24, client=client)
assert isinstance(refused, models.Failure) and refused.errors[0].code == 404, refused
print("openapi-python-client: passed")
