//! A form that comes with a file.

use accolade_domain::rejection::{Code, Rejection};
use accolade_http::pages::Failure;
use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::header::HeaderMap;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

use crate::form::Form;
use crate::texts as t;

/// The most bytes of a field that is no file.
const MOST_OF_FIELD: usize = 64 * 1024;

/// The most fields.
const MOST_FIELDS: usize = 50;

/// A form and the file that comes with it.
pub(crate) struct Upload {
    pub(crate) form: Form,
    /// What the file is called, and its bytes; `None` if there is none.
    pub(crate) file: Option<(String, Bytes)>,
}

/// The form in `body`, as browsers send it with a file; the file is the field `file`.
///
/// # Errors
/// It is none.
pub(crate) async fn read(headers: &HeaderMap, body: Bytes) -> Result<Upload, Failure> {
    let most = body.len();
    let whole = stream::iter([Ok::<_, PayloadError>(body)]);
    let mut parts = Multipart::new(headers, whole);
    let mut fields = Vec::new();
    let mut file = None;
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|_| unreadable())?;
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let called = part.content_disposition();
            let called = called.and_then(|it| it.get_filename()).unwrap_or_default();
            let called = called.to_owned();
            let bytes = part.bytes(most).await;
            let bytes = bytes.map_err(|_| unreadable())?.map_err(|_| unreadable())?;
            file = Some((called, bytes)).filter(|(_, bytes)| !bytes.is_empty());
        } else {
            let text = part.bytes(MOST_OF_FIELD).await;
            let text = text.map_err(|_| unreadable())?.map_err(|_| unreadable())?;
            let text = String::from_utf8(text.to_vec()).map_err(|_| unreadable())?;
            fields.push((name, text));
        }
        if fields.len() > MOST_FIELDS {
            return Err(unreadable().into());
        }
    }
    Ok(Upload {
        form: fields.into_iter().collect(),
        file,
    })
}

fn unreadable() -> Rejection {
    Rejection::new(Code::Unreadable).with_message(t::UPLOAD_UNREADABLE)
}
