//! What the requests of a job are called.

use accolade_domain::text::RequestId;
use sha2::{Digest as _, Sha256};

use crate::ports::{IdempotencyKey, StoreError, StoredJob};

/// How many bytes of the digest are in a name.
const DIGEST: usize = 8;

/// The names of the requests of a chunk: the job, the chunk and the number of the request, and behind
/// them what nobody can know before it was used, so that no caller can occupy the name of a request
/// that is still to come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'j> {
    stored: &'j StoredJob,
}

impl<'j> Names<'j> {
    /// Those of the chunk that comes next.
    pub(super) const fn new(stored: &'j StoredJob) -> Self {
        Self { stored }
    }

    fn name(self, number: usize) -> String {
        let chunk = self.stored.progress.chunk;
        let mut digest = Sha256::new();
        digest.update(self.stored.secret.as_bytes());
        digest.update(chunk.to_be_bytes());
        digest.update((number as u64).to_be_bytes());
        let digest = hex::encode(&digest.finalize()[..DIGEST]);
        format!("{}.{chunk}.{number}.{digest}", self.stored.job.id)
    }

    /// The id of the request with this number, from 0.
    pub(super) fn request_id(self, number: usize) -> Result<RequestId, StoreError> {
        RequestId::try_from(self.name(number)).map_err(|error| StoreError::Unexpected(error.into()))
    }

    /// The idempotency key with this number.
    pub(super) fn key(self, number: usize) -> Result<IdempotencyKey, StoreError> {
        IdempotencyKey::try_from(self.name(number))
            .map_err(|error| StoreError::Unexpected(error.into()))
    }
}
