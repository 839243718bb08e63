//! Examples that several operations share.

use serde_json::{Value, json};

/// A badge in its envelope.
pub(crate) fn badge() -> Value {
    envelope(&badge_data())
}

/// A page of one badge in its envelope.
pub(crate) fn badge_list() -> Value {
    let badge = badge_data();
    let mut entry = json!({});
    for name in [
        "id",
        "orgId",
        "name",
        "badgeGroupId",
        "badgeGroupName",
        "badgeRank",
        "description",
        "startOn",
        "startOnISO",
        "expiresOn",
        "expiresOnISO",
        "status",
        "images",
        "tags",
        "earnType",
        "earnedBadgeExpiry",
        "ownership",
        "benefits",
        "issuedCount",
        "earnedCount",
        "createdOn",
        "createdOnISO",
        "createdBy",
        "lastUpdatedOn",
        "lastUpdatedOnISO",
        "lastUpdatedBy",
        "customFields",
        "active",
    ] {
        entry[name] = badge.get(name).cloned().unwrap_or_default();
    }
    envelope(&json!({
        "metaBasicDetails": [entry],
        "pagination": {"page": 0, "size": 10, "total": 1, "totalPages": 1},
    }))
}

fn envelope(data: &Value) -> Value {
    json!({"data": data, "errors": [], "warnings": []})
}

fn badge_data() -> Value {
    json!({
        "id": "662748a08fe258516a88fe88",
        "orgId": 100_458,
        "name": "Pet lover",
        "description": "Purchase 5 pet products in 3 months and get a pet grooming voucher",
        "startOn": 1_799_632_870,
        "startOnISO": "2027-01-11T02:01:10Z",
        "expiresOn": 1_828_754_110,
        "expiresOnISO": "2027-12-14T03:15:10Z",
        "earnedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "WEEKS", "value": 2},
        "issuedBadgeExpiry": {
            "expiryType": "ABSOLUTE",
            "type": "FIXED_DATE",
            "expiresOn": 1_926_235_957,
            "expiresOnISO": "2031-01-15T09:32:37Z",
            "expireWithBadgeMeta": false,
        },
        "images": [],
        "ownership": {"restrictedToOwners": ["Loyalty", "Milestones"], "claims": []},
        "customerConstraints": [
            {"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 100},
        ],
        "badgeConstraints": [],
        "benefits": [{"benefitType": "COUPON", "seriesId": 13745}],
        "tags": [],
        "badgeGroupId": null,
        "badgeRank": null,
        "defaultTillId": null,
        "earnType": "ISSUE_EARN",
        "issuedCount": 0,
        "earnedCount": 0,
        "status": "UPCOMING",
        "createdOn": 1_764_000_000,
        "createdOnISO": "2025-11-24T16:00:00Z",
        "createdBy": 1,
        "lastUpdatedOn": 1_764_000_000,
        "lastUpdatedOnISO": "2025-11-24T16:00:00Z",
        "lastUpdatedBy": 1,
        "customFields": {},
        "active": true,
    })
}
