//! The sentences: each function is one sentence of a port's contract, its name says which.
//!
//! A file lists its sentences at its end, and this one the files: the compiler complains of a
//! function that is in no list, since nothing calls it.

use crate::World;

/// A sentence by its name.
pub(crate) type Sentence = (&'static str, fn(&World));

/// The sentences of a file by its name.
pub(crate) type Part = (&'static str, &'static [Sentence]);

macro_rules! sentences {
    ($($name:ident)*) => {
        pub(crate) const SENTENCES: &[super::Sentence] = &[$((stringify!($name), $name)),*];
    };
}

macro_rules! parts {
    ($($part:ident)*) => {
        &[$((stringify!($part), $part::SENTENCES)),*]
    };
}

mod actors;
mod audit;
mod badge_days;
mod batches;
mod by_hand;
mod catalogue_versions;
mod changes;
mod clients;
mod counts;
mod create_badge;
mod crossing;
mod custom_fields;
mod definitions;
mod directory;
mod earn;
mod earn_batches;
mod earn_preview;
mod earn_races;
mod earn_refused;
mod edit_badge;
mod edit_races;
mod enrol;
mod expiries;
mod expiry_races;
mod export_races;
mod exports;
mod feed;
mod feed_cursors;
mod feed_races;
mod given_ids;
mod groups;
mod health;
mod held;
mod history;
mod housekeeping;
mod idempotency;
mod imports;
mod job_progress;
mod jobs;
mod jobs_and_people;
mod leases;
mod ledger;
mod limit_races;
mod limits;
mod list_badges;
mod list_names;
mod operators;
mod orgs;
mod overlap;
mod people;
mod people_erased;
mod people_races;
mod preview;
mod races;
mod random_walk;
mod reached_limits;
mod refusals;
mod refused;
mod revise_badge;
mod revoke_earn;
mod revoke_enrolments;
mod rolling;
mod snapshots;
mod tenants;
mod together;
mod two_servers;
mod unsequenced;
mod webhook_deliveries;
mod webhooks;

/// What an adapter promises that records enrolments; one that can do it in several ways must
/// promise it for each.
pub(crate) const OF_RECORDING_ENROLMENTS: &[Part] = parts! {
    enrol overlap refused batches races crossing edit_races counts snapshots preview ledger random_walk
};

/// What it promises besides.
pub(crate) const OF_EVERYTHING_ELSE: &[Part] = parts! {
    orgs clients actors operators audit create_badge definitions edit_badge list_badges list_names idempotency
    housekeeping health tenants two_servers earn earn_batches earn_refused limits rolling
    limit_races earn_races revoke_earn revoke_enrolments imports refusals earn_preview
    revise_badge groups custom_fields directory held catalogue_versions leases unsequenced webhooks
    webhook_deliveries jobs job_progress jobs_and_people feed feed_cursors feed_races reached_limits expiries expiry_races
    badge_days history given_ids by_hand people people_erased people_races exports export_races changes together
};
