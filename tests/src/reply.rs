//! An answer, and what is true of every answer.

use std::fmt;

use accolade_domain::rejection::Code;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use ureq::http::HeaderMap;

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as it came.
    pub body: Vec<u8>,
    /// What was asked.
    pub(crate) request: String,
}

/// The envelope, each part as it stands in the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'b> {
    #[serde(borrow)]
    data: &'b RawValue,
    errors: &'b RawValue,
    warnings: &'b RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Problem {
    code: u32,
    message: String,
    reference: Value,
}

impl Reply {
    /// The same with another body: to compare a part of it.
    #[must_use]
    pub fn with_body(mut self, body: String) -> Self {
        self.body = body.into_bytes();
        self
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self}: {error}"))
    }

    /// The `data` of the envelope.
    pub fn data(&self) -> Value {
        self.json()["data"].take()
    }

    /// The `data` of the envelope, as it stands in the body.
    pub fn data_text(&self) -> &str {
        let envelope: Envelope<'_> = serde_json::from_slice(&self.body).unwrap();
        envelope.data.get()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Whether it says that what was asked for is done.
    pub fn is_success(&self) -> bool {
        matches!(self.status, 200..=202)
    }

    /// The same; it must be a success.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.is_success(), "{self}");
        self
    }

    /// Whether it is a file of rows, which is in no envelope.
    pub(crate) fn is_file(&self) -> bool {
        let content_type = self.header("content-type").unwrap_or_default();
        content_type.starts_with("text/csv") || content_type == "application/x-ndjson"
    }

    /// The codes of `errors`, or of `warnings` if there are none.
    pub fn codes(&self) -> Vec<u64> {
        self.problems().into_iter().map(|(code, _)| code).collect()
    }

    /// Codes and paths of `errors`, or of `warnings` if there are none.
    pub fn problems(&self) -> Vec<(u64, Option<String>)> {
        let json = self.json();
        let list = |name: &str| json[name].as_array().cloned().unwrap_or_default();
        let mut problems = list("errors");
        if problems.is_empty() {
            problems = list("warnings");
        }
        problems
            .iter()
            .map(|problem| {
                let code = problem["code"].as_u64().unwrap();
                (code, problem["reference"].as_str().map(str::to_owned))
            })
            .collect()
    }

    /// It must be a refusal with this code alone, about this field.
    #[track_caller]
    pub fn refused(&self, code: u64, field: Option<&str>) {
        assert!(self.status >= 400, "{self}");
        assert_eq!(
            self.problems(),
            [(code, field.map(str::to_owned))],
            "{self}"
        );
    }

    /// It must be a success with these warnings alone.
    #[track_caller]
    pub fn warned(&self, warnings: &[(u64, &str)]) {
        assert!(self.is_success(), "{self}");
        let wanted: Vec<_> = warnings
            .iter()
            .map(|(code, field)| (*code, Some((*field).to_owned())))
            .collect();
        assert_eq!(self.problems(), wanted, "{self}");
    }

    /// The elements of an enrolment, each as customer, id, code of its error and status.
    pub fn outcomes(&self) -> Vec<(i64, String, Option<u64>, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.data()["issuedBadges"]
            .as_array()
            .unwrap_or_else(|| panic!("{self}"))
            .iter()
            .map(|issued| {
                (
                    issued["customerId"].as_i64().unwrap(),
                    text(&issued["issuedId"]),
                    issued["error"]["code"].as_u64(),
                    text(&issued["status"]),
                )
            })
            .collect()
    }

    /// The id of the only enrolment, which must have been made.
    #[track_caller]
    pub fn issued(&self) -> String {
        match self.outcomes().as_slice() {
            [(_, id, None, _)] if id.len() == 24 => id.clone(),
            _ => panic!("{self}"),
        }
    }

    /// Fails unless this is an answer as every one of the prefix is.
    pub(crate) fn check_envelope(&self) {
        let content_type = self.header("content-type").unwrap_or_default();
        assert!(content_type.starts_with("application/json"), "{self}");
        assert!(self.header("x-request-id").is_some(), "{self}");
        if self.status == 200 && self.body.first() == Some(&b'[') {
            self.check_envelopes();
            return;
        }
        let (status, data) = self.check_parts(self.text());
        assert_eq!(data != "null", self.is_success(), "{self}");
        if let Some(status) = status {
            assert_eq!(status, self.status, "{self}");
        }
        if self.status >= 500 {
            let id = self.header("x-request-id").unwrap();
            let names = self.text().contains(id);
            assert!(names, "a 5xx names its X-Request-Id: {self}");
        }
    }

    /// The same of each element of an import: it succeeds or fails alone.
    fn check_envelopes(&self) {
        let elements: Vec<&RawValue> = serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no envelopes: {error}: {self}"));
        let texts: Vec<&str> = elements.into_iter().map(RawValue::get).collect();
        assert_eq!(self.text(), format!("[{}]", texts.join(",")), "not compact");
        for text in texts {
            self.check_parts(text);
        }
    }

    /// Fails unless `text` is an envelope; gives the status that belongs to its first error,
    /// and its data.
    fn check_parts<'b>(&self, text: &'b str) -> (Option<u16>, &'b str) {
        let Envelope {
            data,
            errors,
            warnings,
        } = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("no envelope: {error}: {self}"));
        let compact = format!(r#"{{"data":{data},"errors":{errors},"warnings":{warnings}}}"#);
        assert_eq!(text, compact, "not compact, or not in this order");
        let read = |part: &RawValue| -> Option<Vec<Problem>> {
            serde_json::from_str(part.get()).unwrap_or_else(|error| panic!("{error}: {self}"))
        };
        let (errors, warnings) = (read(errors), read(warnings));
        for problem in errors.iter().chain(&warnings).flatten() {
            assert!(!problem.message.is_empty(), "{self}");
            assert!(
                problem.reference.is_null() || problem.reference.is_string(),
                "{self}"
            );
            assert!(
                Code::from_number(problem.code).is_some(),
                "unknown code: {self}"
            );
        }
        if data.get() == "null" {
            assert!(warnings.is_none(), "{self}");
            let first = errors.as_deref().unwrap_or_default().first();
            let code = first.and_then(|problem| Code::from_number(problem.code));
            assert!(code.is_some(), "{self}");
            (code.map(Code::status), data.get())
        } else {
            assert!(errors.is_none_or(|errors| errors.is_empty()), "{self}");
            assert!(warnings.is_some(), "{self}");
            (None, data.get())
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body);
        let shown: String = body.chars().take(4_000).collect();
        write!(f, "{} answered {} {shown}", self.request, self.status)
    }
}
