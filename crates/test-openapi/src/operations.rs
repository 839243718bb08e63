//! The operations of a document, and which one a request reaches.

use std::collections::HashMap;

use serde_json::Value;

/// The methods that a document has operations of.
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// All operations.
#[derive(Debug)]
pub(crate) struct Operations(Vec<Operation>);

/// One.
#[derive(Debug)]
pub(crate) struct Operation {
    /// What the document calls it.
    pub(crate) id: String,
    /// What it can answer, by status.
    pub(crate) responses: HashMap<String, Response>,
    method: String,
    /// The segments of its path, parameters in braces.
    segments: Vec<String>,
}

/// What an operation says with one status.
#[derive(Debug)]
pub(crate) struct Response {
    /// Where the schema of a body is, by the type of its content.
    pub(crate) schemas: HashMap<String, String>,
    /// The names of headers, in lower case.
    pub(crate) headers: Vec<String>,
    /// The codes that a failure may have: it has an example of each.
    pub(crate) codes: Vec<u64>,
}

impl Operations {
    /// Those of `document`.
    pub(crate) fn of(document: &Value) -> Self {
        let mut operations = Vec::new();
        for (path, item) in members(&document["paths"]) {
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    operations.push(Operation::of(path, method, operation));
                }
            }
        }
        // A segment that is spelt out wins over a parameter.
        operations.sort_by_key(Operation::parameters);
        Self(operations)
    }

    /// The one that `method` (HEAD is GET) of `path` reaches. Some paths have another spelling, with
    /// a capital letter.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<&Operation> {
        let method = if method == "HEAD" { "GET" } else { method };
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<_> = path.split('/').collect();
        self.0.iter().find(|operation| {
            operation.method.eq_ignore_ascii_case(method) && operation.is_at(&segments)
        })
    }
}

impl Operation {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let responses = members(&operation["responses"]);
        let pointer = format!("#/paths/{}/{method}/responses", escaped(path));
        Self {
            id: operation["operationId"].as_str().unwrap_or(path).to_owned(),
            responses: responses
                .map(|(status, response)| {
                    let pointer = format!("{pointer}/{status}/content");
                    (status.clone(), Response::of(&pointer, response))
                })
                .collect(),
            method: method.to_owned(),
            segments: path.split('/').map(str::to_owned).collect(),
        }
    }

    /// Whether some status of it has this code.
    pub(crate) fn declares(&self, code: u64) -> bool {
        let mut responses = self.responses.values();
        responses.any(|response| response.codes.contains(&code))
    }

    fn parameters(&self) -> usize {
        let is_parameter = |segment: &&String| segment.starts_with('{');
        self.segments.iter().filter(is_parameter).count()
    }

    fn is_at(&self, segments: &[&str]) -> bool {
        let mut pairs = self.segments.iter().zip(segments);
        let agrees = |(own, asked): (&String, &&str)| {
            let is_parameter = own.starts_with('{') && !asked.is_empty();
            is_parameter || own.eq_ignore_ascii_case(asked)
        };
        self.segments.len() == segments.len() && pairs.all(agrees)
    }
}

impl Response {
    fn of(pointer: &str, response: &Value) -> Self {
        let contents = members(&response["content"]);
        let codes = members(&response["content"]["application/json"]["examples"]);
        Self {
            schemas: contents
                .map(|(kind, content)| {
                    let place = format!("{pointer}/{}/schema", escaped(kind));
                    let named = content["schema"]["$ref"].as_str();
                    (kind.clone(), named.map_or(place, str::to_owned))
                })
                .collect(),
            headers: members(&response["headers"])
                .map(|(name, _)| name.to_lowercase())
                .collect(),
            codes: codes.filter_map(|(name, _)| name.parse().ok()).collect(),
        }
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// `name` as it stands in a JSON pointer that is the fragment of a URI.
fn escaped(name: &str) -> String {
    name.replace('~', "~0")
        .replace('/', "~1")
        .replace('{', "%7B")
        .replace('}', "%7D")
}
