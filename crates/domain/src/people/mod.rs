//! People: two customers of an org who turn out to be one person, and customers who are forgotten.
//!
//! Whoever merges two numbers says that they are one person: everything of the first is the second's
//! from then on, and the first number stands for the second ([`Merged`]). [`Merging::decide`] says what a
//! wish to merge means, after others have been; [`giving_way`] which enrolments stay where two would
//! hold at once.

mod merge;
mod person;
mod unite;

pub use merge::{Merged, Merging};
pub use person::Person;
pub use unite::{Whose, giving_way, in_order};
