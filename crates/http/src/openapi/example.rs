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

/// What a badge is to be from now on.
pub(crate) fn badge_update() -> Value {
    json!({
        "name": "Pet lover",
        "startOn": 1_799_632_870,
        "expiresOn": 1_828_754_110,
        "earnType": "ISSUE_EARN",
        "issuedBadgeExpiry": {"expiryType": "ABSOLUTE", "type": "FIXED_DATE", "expiresOn": 1_926_235_957},
        "earnedBadgeExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "WEEKS", "value": 2},
        "ownership": {"restrictedToOwners": ["Loyalty", "Milestones"]},
        "customerConstraints": [{"constraintType": "CUSTOMER_BADGE_FIXED_VALUE", "maxEarnLimit": 100}],
        "benefits": [{"benefitType": "COUPON", "seriesId": 13745}],
    })
}

/// The same with the badge's id.
pub(crate) fn named_badge_update() -> Value {
    let mut body = badge_update();
    body["id"] = "662748a08fe258516a88fe88".into();
    body
}

/// Earned badges to import.
pub(crate) fn import_request() -> Value {
    json!([{
        "badgeMetaId": "654e08f2041fd452b3ef5b2e",
        "customerId": 382_442_802,
        "earnEventDate": 1_674_292_011,
        "earnExpiresOn": 1_705_828_011,
    }])
}

/// What becomes of two that are imported.
pub(crate) fn import() -> Value {
    let recorded = envelope(&json!({
        "badgeMetaId": "654e08f2041fd452b3ef5b2e",
        "customerId": 382_442_802,
        "earnedBadgeId": "6576f7d291e0b01c659ad606",
        "expiresOn": 1_705_828_011,
        "expiresOnISO": "2024-01-21T09:06:51Z",
        "requestId": "f93f710f169c8390c41ae095986c5a50_1",
    }));
    let refused = json!({
        "data": null,
        "errors": [{
            "code": 999_999,
            "message": "The earned badge would expire before it was earned. Check both dates.",
            "reference": "earnExpiresOn",
        }],
        "warnings": null,
    });
    json!([recorded, refused])
}

/// A group in its envelope.
pub(crate) fn group(active: bool) -> Value {
    envelope(&group_data(active))
}

/// A page of one group in its envelope.
pub(crate) fn groups() -> Value {
    envelope(&json!({"groups": [group_data(true)], "pagination": page(50)}))
}

/// A custom field in its envelope.
pub(crate) fn custom_field() -> Value {
    envelope(&custom_field_data())
}

/// A page of one custom field in its envelope.
pub(crate) fn custom_fields() -> Value {
    envelope(&json!({"customFieldROList": [custom_field_data()], "pagination": page(50)}))
}

/// A page of a customer's badges in its envelope.
pub(crate) fn customer_badges() -> Value {
    let badge = badge_data();
    let mut entry = json!({"badgeMetaId": badge["id"]});
    for name in [
        "orgId",
        "name",
        "description",
        "startOn",
        "startOnISO",
        "expiresOn",
        "expiresOnISO",
        "images",
        "tags",
        "badgeGroupId",
        "badgeGroupName",
        "badgeRank",
        "ownership",
        "earnType",
        "customerConstraints",
        "badgeConstraints",
    ] {
        entry[name] = badge.get(name).cloned().unwrap_or_default();
    }
    entry["earnedCount"] = 1.into();
    last_earned(&mut entry);
    entry["customFields"] = json!({});
    entry["active"] = true.into();
    envelope(&json!({"badges": [entry], "pagination": page(10)}))
}

/// The same for the care desk.
pub(crate) fn managed_badges() -> Value {
    let badge = badge_data();
    let mut entry = json!({});
    for (name, of) in [
        ("name", "name"),
        ("description", "description"),
        ("badgeMetaId", "id"),
        ("badgeType", "earnType"),
        ("badgeGroupId", "badgeGroupId"),
        ("badgeGroupName", "badgeGroupName"),
        ("badgeRank", "badgeRank"),
        ("createdOn", "createdOn"),
        ("createdOnISO", "createdOnISO"),
        ("lastUpdatedOn", "lastUpdatedOn"),
        ("lastUpdatedOnISO", "lastUpdatedOnISO"),
        ("images", "images"),
        ("badgeStatus", "status"),
    ] {
        entry[name] = badge.get(of).cloned().unwrap_or_default();
    }
    entry["lastEarnedOn"] = 1_764_000_000.into();
    entry["lastEarnedOnISO"] = "2025-11-24T16:00:00Z".into();
    for (name, of) in [
        ("startsOn", "startOn"),
        ("startsOnISO", "startOnISO"),
        ("expiresOn", "expiresOn"),
        ("expiresOnISO", "expiresOnISO"),
    ] {
        entry[name] = badge[of].clone();
    }
    entry["earnCount"] = 1.into();
    entry["ownership"] = badge["ownership"].clone();
    entry["issueStatus"] = "ACTIVE".into();
    entry["active"] = true.into();
    last_earned(&mut entry);
    envelope(&json!({"customerBadges": [entry], "pagination": page(10)}))
}

/// Everything between a customer and a badge in its envelope.
pub(crate) fn customer_details() -> Value {
    envelope(&json!({
        "id": "662748a08fe258516a88fe88",
        "name": "Pet lover",
        "description": null,
        "createdOn": 1_764_000_000,
        "createdOnISO": "2025-11-24T16:00:00Z",
        "lastUpdatedOn": 1_764_000_000,
        "lastUpdatedOnISO": "2025-11-24T16:00:00Z",
        "startsOn": 1_799_632_870,
        "startsOnISO": "2027-01-11T02:01:10Z",
        "expiresOn": 1_828_754_110,
        "expiresOnISO": "2027-12-14T03:15:10Z",
        "action": "ACTIVATED",
        "badgeType": "EARN",
        "badgeStatus": "LIVE",
        "owner": ["Loyalty"],
        "claimedBy": [],
        "images": [],
        "earnExpiry": {"expiryType": "RELATIVE", "relativeExpirytype": "WEEKS", "value": 2},
        "customerConstraints": [{
            "constraintLevel": "CUSTOMER",
            "constraintType": "OVERALL",
            "rollType": null,
            "refreshRate": null,
            "durationType": null,
            "cycleStatus": null,
            "startDayOfTheWeek": null,
            "rollValue": null,
            "maxEarnLimit": 1,
            "earnConstraintBlockStatistics": {
                "currentEarnCount": 1,
                "currentEarnCountDays": null,
                "currentEarnCountWeeks": null,
                "currentEarnCountMonths": null,
            },
            "fixedWindowCycle": null,
            "fixedWindowReferenceId": null,
            "rollingWindowLimits": null,
        }],
        "badgeConstraints": [],
        "issualDetails": {"issuedCount": 0, "issuals": []},
        "earnDetails": {
            "earnCount": 1,
            "earns": [{
                "earnedBadgeId": "66da90618bdb494a4f065774",
                "issueId": null,
                "earnedOn": 1_799_632_870,
                "earnedOnISO": "2027-01-11T02:01:10Z",
                "earnEventDate": 1_799_632_870,
                "earnEventDateISO": "2027-01-11T02:01:10Z",
                "earnExpiresOn": 1_800_842_470,
                "earnExpiresOnISO": "2027-01-25T02:01:10Z",
                "earnedStatus": "ACTIVE",
                "ownerType": "Loyalty",
                "ownerReferenceId": "123694",
                "revokedOn": null,
                "revokedOnISO": null,
            }],
        },
        "refusals": [{
            "code": 817,
            "message": "The customer has reached its limit: once in all. It does not open again unless an earned badge is revoked.",
            "refusedOn": 1_799_632_999,
            "refusedOnISO": "2027-01-11T02:03:19Z",
            "earnEventDate": 1_799_632_999,
            "earnEventDateISO": "2027-01-11T02:03:19Z",
        }],
        "activeEarnedCount": 1,
        "customFields": {},
    }))
}

fn last_earned(entry: &mut Value) {
    for name in ["lastEarnedOnDate", "lastEarnEventDate"] {
        entry[name] = 1_764_000_000.into();
        entry[format!("{name}ISO")] = "2025-11-24T16:00:00Z".into();
    }
}

fn page(size: u32) -> Value {
    json!({"page": 0, "size": size, "total": 1, "totalPages": 1})
}

fn group_data(active: bool) -> Value {
    json!({
        "id": "6581281e8f68666070de15c5",
        "orgId": 100_458,
        "name": "Festive season badges",
        "rank": 2,
        "createdBy": 1,
        "createdOn": 1_764_000_000,
        "createdOnISO": "2025-11-24T16:00:00Z",
        "lastUpdatedBy": 1,
        "lastUpdatedOn": 1_764_000_000,
        "lastUpdatedOnISO": "2025-11-24T16:00:00Z",
        "isActive": active,
    })
}

fn custom_field_data() -> Value {
    json!({
        "id": "65bb3d8afd3e324f2cac883a",
        "orgId": 100_458,
        "name": "Priority",
        "isMandatory": true,
        "defaultValue": "1",
        "isActive": true,
        "dataType": "INTEGER",
        "createdOn": 1_764_000_000,
        "createdOnISO": "2025-11-24T16:00:00Z",
        "createdBy": 1,
        "lastUpdatedOn": 1_764_000_000,
        "lastUpdatedOnISO": "2025-11-24T16:00:00Z",
        "lastUpdatedBy": 1,
    })
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
