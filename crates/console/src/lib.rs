//! The console: pages for the people of an org, rendered by the server.
//!
//! A page is declared once, in its file in `pages`: its path, and the permission that who asks for
//! it must have. The `router` opens each request as a `Visit`: who is signed in, may
//! she, and does a form come from a page of ours. The page asks use cases of the application, as the
//! API's handlers do, with the operator as the actor, and fills a template of `templates/`. Whatever goes
//! wrong becomes a page too (`failed`).
//!
//! Everything works without JavaScript: what changes something is a form. All words are in `texts`.

mod act;
mod assets;
mod chart;
mod failed;
mod form;
mod frame;
mod guard;
mod moment;
mod pages;
mod parts;
mod router;
mod session;
mod texts;
mod upload;
mod visit;

pub use router::{PageDeclaration, configure, declarations};
