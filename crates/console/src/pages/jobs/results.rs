//! What became of the rows of a job, as a file.

use accolade_application::jobs;
use accolade_domain::job::{JobFormat, RowStatus};
use accolade_domain::rejection::{Code, Rejection};
use accolade_http::pages::Failure;
use accolade_wire::job::ResultsStream;
use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::router::Answered;
use crate::texts as t;
use crate::visit::Visit;

/// The most bytes of a file that a page gives; the API gives longer ones row by row.
const MOST: usize = 32 * 1024 * 1024;

pub(super) async fn download(visit: Visit) -> Answered {
    let id = super::show::id(&visit)?;
    let only = match visit.query.typed("only") {
        "refused" => Some(RowStatus::Refused),
        "invalid" => Some(RowStatus::Invalid),
        "succeeded" => Some(RowStatus::Succeeded),
        _ => None,
    };
    let name = format!("{id}.csv");
    let file = visit
        .look_up(move |ports, caller| {
            let results = jobs::results(ports, caller, &id)?;
            let mut stream = ResultsStream::new(results, JobFormat::Csv, only);
            let mut file = Vec::new();
            while let Some(block) = stream.next_block()? {
                file.extend(block.text);
                if file.len() > MOST {
                    return Ok(None);
                }
            }
            Ok(Some(file))
        })
        .await?;
    let file = file.ok_or_else(|| {
        let rejection = Rejection::new(Code::BodyTooLarge).with_message(t::RESULTS_TOO_LONG);
        Failure::from(rejection)
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        // The id of a job has no character that would have to be quoted.
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .body(file))
}
