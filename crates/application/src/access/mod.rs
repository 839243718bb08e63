//! Access: organisations, API clients, what they may do, and their secrets.

mod actors;
mod caller;
mod clients;
mod commands;
mod groups;
mod orgs;
mod secret;
mod uses;

pub use actors::actor;
pub use caller::{Caller, Credentials, caller_of};
pub use clients::{
    CreateClient, NewCredentials, begin_rotation, create_client, create_client_with,
    finish_rotation, revoke_client, set_bounds,
};
pub use commands::{
    AddClient, BoundClient, ClientView, FinishClientRotation, RevokeClient, RotateClient,
    clients_of,
};
pub use groups::{AccessGroup, AccessGroups, UnknownAccessGroup};
pub use orgs::create_org;
pub use secret::{ClientKey, MalformedClientKey, Secret, SecretHash, UnfitSecret};
pub use uses::ClientUses;
