//! A database with something of each kind.

use accolade_application::ports::EarnRequest;
use accolade_domain::earning::Limit;
use accolade_persistence::Database;

use super::scene::{Scene, limits_of_every_kind};

/// Enrols, earns under limits of every kind, with refusals, and turns a badge off.
pub(crate) fn filled(database: Database, customers: u32) -> Scene {
    let scene = Scene::set(database);
    scene.enrol(scene.request(customers)).unwrap().unwrap();
    let limits: Vec<Limit> = limits_of_every_kind(1);
    scene
        .earn(&scene.earn_request(customers, limits.clone()))
        .unwrap()
        .unwrap();
    let single: EarnRequest = scene.single_earn(2, &[]);
    scene.earn(&single).unwrap().unwrap();
    scene
        .database
        .stores
        .badges
        .edit(&scene.deactivation())
        .unwrap();
    scene
}
