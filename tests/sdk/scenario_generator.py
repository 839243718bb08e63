"""The scenario, by the Python client that openapi-generator makes."""

import os
import sys

sys.path.insert(0, os.environ["SDK_CLIENT"])

import accolade_client as sdk  # noqa: E402

configuration = sdk.Configuration(
    host=os.environ["SDK_SERVER"], username="demo", password="demo-secret"
)
client = sdk.ApiClient(configuration)
badges, customers = sdk.BadgesApi(client), sdk.CustomersApi(client)
enrolment, earning = sdk.EnrolmentApi(client), sdk.EarningApi(client)
owner = dict(owner_type=sdk.OwnerType.LOYALTY, reference_id=sdk.TextOrNumber("sdk-generator"))

created = badges.create_badge(
    sdk.BadgeMetaRequest(
        name="SDK generator",
        start_on=sdk.InstantInput(1_700_000_000),
        expires_on_iso="2090-01-01T00:00:00Z",
        earn_type=sdk.EarnType.ISSUE_EARN,
        issued_badge_expiry=sdk.ExpiryRequest(expiry_type="NEVER"),
        earned_badge_expiry=sdk.ExpiryRequest(expiry_type="NEVER"),
        ownership=sdk.OwnershipRequest(restricted_to_owners=[sdk.OwnerType.LOYALTY]),
    ),
    x_cap_badges_migration="migration",
)
badge = created.data.id
assert created.data.status == sdk.BadgeStatus.LIVE, created
claimed = badges.claim_badge(badge, sdk.OwnerRequest(**owner))
assert claimed.data.badge_meta_id == badge, claimed

registered = customers.put_customers(
    sdk.CustomersRequest(
        customers=[
            sdk.CustomerEntry(
                customer_id=sdk.CustomerReference("7101"), email="generator@example.org"
            )
        ]
    )
)
assert registered.data.customers[0].customer_id == 7101, registered


def enrol(references, request_id, **headers):
    """What became of each of those customers: its number or identifier, its code, its status."""
    answer = enrolment.enrol_customers(
        sdk.EnrolmentRequest(
            badge_meta_id=badge,
            customers=sdk.CustomerReferences(references),
            request_id=sdk.TextOrNumber(request_id),
            triggered_by=sdk.TriggeredBy(**owner),
        ),
        **headers,
    )
    return [
        (
            element.customer_id.actual_instance,
            element.error and element.error.code,
            element.status,
        )
        for element in answer.data.issued_badges
    ]


active = sdk.EnrolmentStatus.ACTIVE
mixed = [sdk.CustomerReference(7102), sdk.CustomerReference("7103")]
assert enrol(mixed, 7102) == [(7102, None, active), (7103, None, active)]
assert enrol(7104, "generator-1") == [(7104, None, active)]
named = [sdk.CustomerReference("generator@example.org"), sdk.CustomerReference("nobody@example.org")]
found, unknown = enrol(named, "generator-2", x_cap_customer_identifier="email")
assert found == (7101, None, active), found
assert unknown[0] == "nobody@example.org" and unknown[1] and unknown[2] is None, unknown

earned = earning.earn_badge_bulk(
    sdk.EarnBulkRequest(
        badge_meta_id=badge,
        customer_ids=sdk.CustomerReferences([sdk.CustomerReference(7101), sdk.CustomerReference(9)]),
        request_id=sdk.TextOrNumber("generator-3"),
    )
).data.issued_badges
assert earned[0].issued_id and earned[0].error is None, earned
assert earned[1].error.code == 811 and earned[1].issued_id is None, earned

imported = earning.post_customer_badges(
    [
        sdk.ImportRow(
            badge_meta_id=badge,
            customer_id=sdk.CustomerReference(7105),
            earn_event_date=sdk.InstantInput(1_710_000_000),
            earn_expires_on=sdk.InstantInput("2080-01-01T00:00:00Z"),
        )
    ],
    request_id="generator-4",
)
assert imported[0].data.customer_id == 7105, imported

shown = customers.list_customer_badges("7101", badge_type="EARNED")
assert shown.data.badges[0].badge_meta_id == badge, shown
details = customers.get_customer_badge("7101", badge, include_statistics=True)
assert details.data.earn_details.earn_count == 1, details


def recorded(request_id):
    """The answer that this request got, in the type of its operation."""
    return enrolment.get_requests(request_id).data.requests[0].answer.actual_instance


assert isinstance(recorded("generator-2"), sdk.Enrolment), recorded("generator-2")
assert isinstance(recorded("generator-3"), sdk.EarnedBulk), recorded("generator-3")
assert recorded("generator-4")[0].data.customer_id == 7105, recorded("generator-4")

try:
    badges.get_badge("0" * 24)
except sdk.ApiException as refused:
    assert refused.status == 404 and refused.data.errors[0].code == 404, refused
else:
    raise AssertionError("a badge that is not there was found")
print("openapi-generator (python): passed")
