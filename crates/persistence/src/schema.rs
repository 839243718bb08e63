//! The tables, as Diesel knows them: the same for both databases.
//!
//! Instants are microseconds since 1970, ids twelve bytes. `badge_counts` has rows to be
//! added up: many a badge on PostgreSQL, one on SQLite.
//!
//! Each table is declared once: to Diesel's query builder, and as a plain description
//! ([`Described`]) for what works on any table, a transfer for example.

use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text};
use diesel::{allow_tables_to_appear_in_same_query, joinable};

/// What a column holds, in the words of PostgreSQL: SQLite has one kind of whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64 bits.
    BigInt,
    /// 32 bits.
    Integer,
    /// 16 bits.
    SmallInt,
    /// On SQLite 0 or 1.
    Bool,
    Text,
    Binary,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// A table, as one that knows no table in particular needs it.
pub(crate) trait Described {
    const NAME: &'static str;
    const COLUMNS: &'static [Column];
    const KEY: &'static [&'static str];
}

/// A type of the query builder, and what a column of it holds.
trait HasKind {
    const KIND: Kind;
}

macro_rules! kinds {
    ($($type:ident)*) => {
        $(impl HasKind for $type {
            const KIND: Kind = Kind::$type;
        })*
    };
}

kinds!(BigInt Integer SmallInt Bool Text Binary);

impl<T: HasKind + diesel::sql_types::SqlType<IsNull = diesel::sql_types::is_nullable::NotNull>>
    HasKind for Nullable<T>
{
    const KIND: Kind = T::KIND;
}

/// Diesel's own, and the description.
macro_rules! table {
    ($name:ident ($($key:ident),+) {
        $($column:ident -> $type:ident $(<$inner:ident>)?,)+
    }) => {
        diesel::table! {
            $name ($($key),+) {
                $($column -> $type $(<$inner>)?,)+
            }
        }

        impl Described for $name::table {
            const NAME: &'static str = stringify!($name);
            const COLUMNS: &'static [Column] = &[$(Column {
                name: stringify!($column),
                kind: <$type $(<$inner>)? as HasKind>::KIND,
            }),+];
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
        }
    };
}

table! {
    orgs (id) {
        id -> BigInt,
        name -> Text,
        time_zone -> Text,
        created_on -> BigInt,
        region -> Nullable<Text>,
    }
}

table! {
    actors (number) {
        number -> BigInt,
        org_id -> Nullable<BigInt>,
        kind -> SmallInt,
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
        requests_per_minute -> Nullable<BigInt>,
        customers_per_minute -> Nullable<BigInt>,
        ends_on -> Nullable<BigInt>,
        last_used_on -> Nullable<BigInt>,
        owner -> Nullable<Text>,
    }
}

table! {
    approval_rules (org_id) {
        org_id -> BigInt,
        version -> BigInt,
        rules -> Text,
    }
}

table! {
    changes (org_id, id) {
        org_id -> BigInt,
        id -> Binary,
        version -> BigInt,
        operation -> SmallInt,
        state -> SmallInt,
        maker -> BigInt,
        maker_groups -> SmallInt,
        created_on -> BigInt,
        expires_on -> BigInt,
        ended_on -> Nullable<BigInt>,
        approvals -> SmallInt,
        votes -> Text,
        command -> Nullable<Binary>,
        basis -> Text,
        foreseen -> Nullable<Binary>,
        result -> Nullable<Binary>,
    }
}

table! {
    change_subjects (org_id, subject) {
        org_id -> BigInt,
        subject -> Text,
        change_id -> Binary,
        expires_on -> BigInt,
    }
}

table! {
    audit (org_id, recorded_on, number) {
        org_id -> BigInt,
        recorded_on -> BigInt,
        number -> BigInt,
        actor -> BigInt,
        entity_type -> SmallInt,
        action -> SmallInt,
        entity_id -> Text,
        request_tag -> Nullable<Text>,
        reason -> Nullable<Text>,
        changes -> Nullable<Text>,
    }
}

table! {
    badge_metas (org_id, id) {
        org_id -> BigInt,
        id -> Binary,
        numeric_id -> BigInt,
        version -> BigInt,
        name -> Text,
        name_folded -> Text,
        starts_on -> BigInt,
        expires_on -> BigInt,
        earn_type -> SmallInt,
        active -> Bool,
        owners -> Integer,
        rank -> Nullable<Integer>,
        group_id -> Nullable<Binary>,
        definition -> Text,
        created_on -> BigInt,
        created_by -> BigInt,
        updated_on -> BigInt,
        updated_by -> BigInt,
    }
}

table! {
    badge_numbers (org_id) {
        org_id -> BigInt,
        last -> BigInt,
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
    request_ledger (org_id, number) {
        org_id -> BigInt,
        number -> BigInt,
        operation -> SmallInt,
        request_id -> Text,
        recorded_on -> BigInt,
        recorded_by -> BigInt,
        owner_type -> Nullable<SmallInt>,
        reference_id -> Nullable<Text>,
        answer -> Binary,
        first_id -> Nullable<Binary>,
    }
}

table! {
    enrolments (org_id, customer_id, badge_id, ordinal) {
        org_id -> BigInt,
        customer_id -> BigInt,
        badge_id -> Binary,
        ordinal -> Integer,
        id -> Binary,
        event_on -> BigInt,
        expires_on -> BigInt,
        request_no -> BigInt,
        revoked_on -> Nullable<BigInt>,
        revoked_by -> Nullable<BigInt>,
        revoke_reason -> Nullable<Text>,
    }
}

table! {
    earned_badges (org_id, customer_id, badge_id, ordinal) {
        org_id -> BigInt,
        customer_id -> BigInt,
        badge_id -> Binary,
        ordinal -> Integer,
        id -> Binary,
        event_on -> BigInt,
        earned_on -> BigInt,
        expires_on -> BigInt,
        request_no -> BigInt,
        revoked_on -> Nullable<BigInt>,
        enrolment -> Nullable<Integer>,
        imported -> Bool,
        revoked_by -> Nullable<BigInt>,
        revoke_reason -> Nullable<Text>,
    }
}

table! {
    refusals (org_id, customer_id, badge_id, seq) {
        org_id -> BigInt,
        customer_id -> BigInt,
        badge_id -> Binary,
        seq -> BigInt,
        refused_on -> BigInt,
        event_on -> BigInt,
        code -> Integer,
        message -> Text,
        field -> Nullable<Text>,
    }
}

// Its rows have no key that both databases know.
table! {
    badge_earns (org_id, badge_id, event_on) {
        org_id -> BigInt,
        badge_id -> Binary,
        event_on -> BigInt,
        rolls_on -> Nullable<BigInt>,
        earns -> BigInt,
    }
}

// Its rows are added up: on PostgreSQL a badge may have many.
table! {
    badge_counts (org_id, badge_id) {
        org_id -> BigInt,
        badge_id -> Binary,
        issued -> BigInt,
        earned -> BigInt,
    }
}

table! {
    window_counts (org_id, badge_id, ends_on, starts_on) {
        org_id -> BigInt,
        badge_id -> Binary,
        ends_on -> BigInt,
        starts_on -> BigInt,
        earns -> BigInt,
    }
}

table! {
    rolling_counts (org_id, badge_id, unit, length) {
        org_id -> BigInt,
        badge_id -> Binary,
        unit -> SmallInt,
        length -> BigInt,
        since -> BigInt,
        earns -> BigInt,
        leaves_on -> Nullable<BigInt>,
        earns_after -> Nullable<BigInt>,
        earns_from -> Nullable<BigInt>,
    }
}

table! {
    rolling_told (org_id, badge_id, unit, length) {
        org_id -> BigInt,
        badge_id -> Binary,
        unit -> SmallInt,
        length -> BigInt,
        told_on -> BigInt,
    }
}

table! {
    badge_groups (org_id, id) {
        org_id -> BigInt,
        id -> Binary,
        name -> Text,
        rank -> Integer,
        active -> Bool,
        value -> Text,
    }
}

table! {
    catalogue_versions (org_id) {
        org_id -> BigInt,
        version -> BigInt,
    }
}

table! {
    custom_fields (org_id, id) {
        org_id -> BigInt,
        id -> Binary,
        name -> Text,
        active -> Bool,
        updated_on -> BigInt,
        value -> Text,
    }
}

table! {
    customer_identifiers (org_id, kind, comparable) {
        org_id -> BigInt,
        kind -> SmallInt,
        comparable -> Text,
        customer_id -> BigInt,
    }
}

table! {
    idempotency (org_id, actor, key) {
        org_id -> BigInt,
        actor -> BigInt,
        key -> Text,
        fingerprint -> Binary,
        used_on -> BigInt,
        expires_on -> BigInt,
        warnings -> Text,
        answer -> Nullable<Binary>,
        operation -> Nullable<SmallInt>,
        request_id -> Nullable<Text>,
    }
}

table! {
    leases (name) {
        name -> Text,
        holder -> Binary,
        held_until -> BigInt,
        taken_from -> Nullable<Binary>,
    }
}

table! {
    webhooks (org_id, id) {
        org_id -> BigInt,
        id -> Binary,
        version -> BigInt,
        state -> SmallInt,
        disabled_reason -> Nullable<SmallInt>,
        settings -> Text,
        sealed -> Binary,
        cursor -> BigInt,
        last_attempt -> BigInt,
        failing_since -> Nullable<BigInt>,
        hold_until -> Nullable<BigInt>,
        created_on -> BigInt,
        created_by -> BigInt,
        updated_on -> BigInt,
        updated_by -> BigInt,
    }
}

table! {
    webhook_retries (org_id, webhook_id, position) {
        org_id -> BigInt,
        webhook_id -> Binary,
        position -> BigInt,
        partition_key -> Nullable<Text>,
        attempts -> Integer,
        first_on -> Nullable<BigInt>,
        due_on -> Nullable<BigInt>,
        given_up -> Bool,
        resent -> Bool,
    }
}

table! {
    webhook_attempts (org_id, webhook_id, number) {
        org_id -> BigInt,
        webhook_id -> Binary,
        number -> BigInt,
        attempted_on -> BigInt,
        status -> SmallInt,
        http_status -> Nullable<SmallInt>,
        duration -> BigInt,
        error -> Nullable<Text>,
        answer -> Nullable<Binary>,
        events -> Binary,
    }
}

table! {
    feed (org_id, last_position) {
        org_id -> BigInt,
        last_position -> BigInt,
        recorded_on -> BigInt,
        latest_on -> BigInt,
        ledger_no -> Nullable<BigInt>,
        events -> Integer,
        kind -> SmallInt,
        data -> Nullable<Binary>,
    }
}

table! {
    expiries (org_id, due_on, ledger_no) {
        org_id -> BigInt,
        due_on -> BigInt,
        ledger_no -> BigInt,
        customers -> Integer,
        done -> Integer,
        requests -> Integer,
    }
}

table! {
    expiry_backlog (org_id) {
        org_id -> BigInt,
        began_on -> BigInt,
        upto -> BigInt,
    }
}

table! {
    jobs (org_id, id) {
        org_id -> BigInt,
        id -> Text,
        secret -> Binary,
        version -> BigInt,
        operation -> SmallInt,
        settings -> Text,
        state -> SmallInt,
        created_on -> BigInt,
        created_by -> BigInt,
        started_on -> Nullable<BigInt>,
        finished_on -> Nullable<BigInt>,
        total -> Nullable<BigInt>,
        succeeded -> BigInt,
        refused -> BigInt,
        invalid -> BigInt,
        failure -> Nullable<Text>,
        chunk_rows -> Integer,
        bytes -> BigInt,
        chunk -> BigInt,
        part -> Integer,
        part_offset -> Integer,
        reading -> Text,
        done_bytes -> BigInt,
        advanced_on -> Nullable<BigInt>,
        plan -> Nullable<Binary>,
    }
}

table! {
    job_parts (org_id, job_id, number) {
        org_id -> BigInt,
        job_id -> Text,
        number -> Integer,
        digest -> Binary,
        bytes -> Integer,
        data -> Binary,
    }
}

table! {
    job_trials (org_id, job_id, key) {
        org_id -> BigInt,
        job_id -> Text,
        key -> Text,
        value -> Text,
    }
}

table! {
    job_chunks (org_id, job_id, number) {
        org_id -> BigInt,
        job_id -> Text,
        number -> BigInt,
        outcomes -> Binary,
    }
}

table! {
    merged_customers (org_id, customer_id) {
        org_id -> BigInt,
        customer_id -> BigInt,
        into_id -> BigInt,
        successor_id -> BigInt,
    }
}

table! {
    forgotten_counts (org_id, badge_id) {
        org_id -> BigInt,
        badge_id -> Binary,
        issued -> BigInt,
        earned -> BigInt,
    }
}

table! {
    badge_days (org_id, badge_id, day) {
        org_id -> BigInt,
        badge_id -> Binary,
        day -> Integer,
        issued -> BigInt,
        earned -> BigInt,
    }
}

table! {
    operators (number) {
        number -> BigInt,
        org_id -> BigInt,
        login -> Text,
        name -> Text,
        roles -> SmallInt,
        password -> Binary,
        created_on -> BigInt,
        disabled_on -> Nullable<BigInt>,
        last_signed_in_on -> Nullable<BigInt>,
        link_issuer -> Nullable<Text>,
        link_subject -> Nullable<Text>,
    }
}

table! {
    operator_sessions (token) {
        token -> Binary,
        org_id -> BigInt,
        operator -> BigInt,
        began_on -> BigInt,
        expires_on -> BigInt,
        ends_on -> BigInt,
    }
}

table! {
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

joinable!(api_clients -> orgs (org_id));
joinable!(operators -> orgs (org_id));
joinable!(api_clients -> actors (number));
joinable!(operators -> actors (number));
joinable!(operator_sessions -> operators (operator));
allow_tables_to_appear_in_same_query!(api_clients, orgs);
allow_tables_to_appear_in_same_query!(operator_sessions, operators, orgs);
allow_tables_to_appear_in_same_query!(actors, operators, api_clients);
allow_tables_to_appear_in_same_query!(badge_metas, badge_claims, badge_groups);
allow_tables_to_appear_in_same_query!(jobs, job_parts, job_chunks);
allow_tables_to_appear_in_same_query!(idempotency, request_ledger, enrolments, earned_badges);
