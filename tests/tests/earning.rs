//! The whole life of a badge: earned, limited, revoked, imported, revised, looked up.
#![allow(clippy::unwrap_used)]

mod earning {
    mod answers;
    mod custom_fields;
    mod customer_badges;
    mod details;
    mod directory;
    mod editing_windows;
    mod fixed_windows;
    mod groups;
    mod identifiers;
    mod imports;
    mod limits;
    mod management;
    mod order_of_checks;
    mod requests;
    mod revoked_earns;
    mod revoked_issues;
    mod rolling;
    mod updates;
    mod updates_when_live;
}
