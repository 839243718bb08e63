//! The tables, as Diesel knows them: the same for both databases.
//!
//! Instants are microseconds since 1970, ids twelve bytes. `badge_counts` has rows to be
//! added up: many a badge on PostgreSQL, one on SQLite.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    orgs (id) {
        id -> BigInt,
        name -> Text,
        time_zone -> Text,
        created_on -> BigInt,
    }
}

table! {
    api_clients (number) {
        number -> BigInt,
        org_id -> BigInt,
        name -> Text,
        key -> Text,
        access_groups -> SmallInt,
        secret -> Binary,
        next_secret -> Nullable<Binary>,
        created_on -> BigInt,
        revoked_on -> Nullable<BigInt>,
    }
}

table! {
    badge_metas (org_id, id) {
        org_id -> BigInt,
        id -> Binary,
        version -> BigInt,
        name -> Text,
        name_folded -> Text,
        starts_on -> BigInt,
        expires_on -> BigInt,
        earn_type -> SmallInt,
        active -> Bool,
        owners -> Integer,
        definition -> Text,
        created_on -> BigInt,
        created_by -> BigInt,
        updated_on -> BigInt,
        updated_by -> BigInt,
    }
}

table! {
    badge_claims (org_id, badge_id, owner_type, reference_id) {
        org_id -> BigInt,
        badge_id -> Binary,
        owner_type -> SmallInt,
        reference_id -> Text,
        position -> Integer,
        active -> Bool,
    }
}

table! {
    request_ledger (org_id, operation, request_id) {
        org_id -> BigInt,
        operation -> SmallInt,
        request_id -> Text,
        badge_id -> Binary,
        recorded_on -> BigInt,
        recorded_by -> BigInt,
        answer -> Binary,
    }
}

table! {
    idempotency (client_number, key) {
        client_number -> BigInt,
        key -> Text,
        fingerprint -> Binary,
        used_on -> BigInt,
        expires_on -> BigInt,
        warnings -> Text,
        answer -> Nullable<Binary>,
        org_id -> Nullable<BigInt>,
        operation -> Nullable<SmallInt>,
        request_id -> Nullable<Text>,
    }
}

table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

joinable!(api_clients -> orgs (org_id));
allow_tables_to_appear_in_same_query!(api_clients, orgs);
allow_tables_to_appear_in_same_query!(badge_metas, badge_claims);
allow_tables_to_appear_in_same_query!(idempotency, request_ledger);
