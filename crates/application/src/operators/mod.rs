//! Operators: how they come and go, how they sign in, and for how long.
//!
//! An operator acts through the use cases of the API. Her [`Session`] becomes a
//! [`Caller`](crate::access::Caller) only for something that [her roles permit](Session::caller).

mod manage;
mod password;
mod provider;
mod session;
mod sign_in;

pub use manage::{
    CreateOperator, create, create_once, disable, link, list, set_password, set_roles, unlink,
};
pub use password::{Password, PasswordHash, UnfitPassword};
pub use provider::{ProvidedError, ProvidedResult, RoundTrip, sign_in_by_provider};
pub use session::{Session, session, session_of_open_page, sign_out, sign_out_everywhere};
pub use sign_in::{Lifetimes, SignIn, SignInResult, SignedIn, note_refused, sign_in};
