//! What is compared of an answer of the server with one of the model: everything but ids, which must only
//! correspond, and moments.
//!
//! What a race may tell either way is taken for one. Of two limits that are both reached, the
//! customer's (817) and the badge's (818), either is told: the customer's are counted before the lock of the
//! badge's is there. A server looks at the clock before it records, so of requests at the same time the first may have
//! the later moment: an enrolment that stands in the way (1040) may be `UPCOMING` to the second, and what one id was
//! used for is told in the order of the moments.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::model::step::{Names, Step};

/// What an answer says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its words, with a sign in the place of each id.
    told: String,
    /// The ids, in the order of the signs.
    ids: Vec<String>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.told, self.ids)
    }
}

impl Seen {
    /// A refusal with these codes.
    pub(crate) fn refused(codes: &[u64]) -> Self {
        let codes: Vec<_> = codes.iter().map(|code| limit(*code)).collect();
        Self {
            told: format!("refused: {codes:?}"),
            ids: Vec::new(),
        }
    }

    /// The answer to `step` whose `data` this is.
    pub(crate) fn answered(step: &Step, data: &Value, is_replayed: bool, names: &Names) -> Self {
        let mut seen = Self {
            told: if is_replayed { "replayed: " } else { "" }.to_owned(),
            ids: Vec::new(),
        };
        if matches!(step, Step::Count) {
            // What else there is of a badge says nothing about the order of requests.
            for field in ["issuedCount", "earnedCount", "active"] {
                seen.tell(&data[field], names);
            }
        } else if let (Step::Ask { .. }, Some(requests)) = (step, data["requests"].as_array()) {
            let mut requests: Vec<_> = requests.iter().collect();
            requests.sort_by_key(|it| it["operation"].to_string());
            for request in requests {
                seen.tell(request, names);
            }
        } else {
            seen.tell(data, names);
        }
        seen
    }

    fn tell(&mut self, value: &Value, names: &Names) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    let is_moment = ["On", "OnISO"].iter().any(|it| name.ends_with(it));
                    // A message may have moments, too; its code says the same.
                    if !is_moment && !name.to_lowercase().ends_with("message") {
                        let _ = write!(self.told, "{name}=");
                        self.tell(value, names);
                    }
                }
                self.told.push(';');
            }
            Value::Array(list) => {
                self.told.push('[');
                for value in list {
                    self.tell(value, names);
                }
                self.told.push(']');
            }
            Value::String(text) if is_id(text) => {
                self.told += "#,";
                self.ids.push(text.clone());
            }
            Value::String(text) if text == "UPCOMING" => self.told += "\"ACTIVE\",",
            Value::String(text) => {
                let text = text.strip_prefix(&names.prefix).unwrap_or(text);
                let _ = write!(self.told, "{text:?},");
            }
            Value::Number(number) => {
                let number = number.as_i64().unwrap_or(i64::MAX);
                let customer = number - names.customers;
                let _ = if (1..10).contains(&customer) {
                    write!(self.told, "customer {customer},")
                } else {
                    write!(self.told, "{},", limit(number))
                };
            }
            other => {
                let _ = write!(self.told, "{other},");
            }
        }
    }
}

/// The code, or that of the badge's limit for both limits.
fn limit<N: PartialEq + From<u16>>(code: N) -> N {
    if code == N::from(817) {
        N::from(818)
    } else {
        code
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|it| it.is_ascii_hexdigit())
}

/// Which id of the model stands for which of the server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs {
    to_model: HashMap<String, String>,
    to_server: HashMap<String, String>,
}

impl Pairs {
    /// What the model calls `id` of the server.
    pub(crate) fn of_model(&self, id: &str) -> Option<&str> {
        self.to_model.get(id).map(String::as_str)
    }

    /// Whether both say the same, ids that were not seen before being paired.
    pub(crate) fn agree(&mut self, server: &Seen, model: &Seen) -> bool {
        if server.told != model.told || server.ids.len() != model.ids.len() {
            return false;
        }
        server.ids.iter().zip(&model.ids).all(|(server, model)| {
            let of_server = self.to_model.entry(server.clone());
            let is_known = *of_server.or_insert_with(|| model.clone()) == *model;
            let of_model = self.to_server.entry(model.clone());
            is_known && *of_model.or_insert_with(|| server.clone()) == *server
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(data: &Value) -> Seen {
        let names = Names {
            prefix: "a-".to_owned(),
            customers: 100,
            badge: String::new(),
        };
        Seen::answered(&Step::Ask { id: 1 }, data, false, &names)
    }

    #[test]
    fn ids_must_correspond_and_all_else_must_be_the_same_but_moments_and_messages() {
        let [one, two] = ["66276dc68fe258516a88ff8e", "653de84db3cda7078c7c68ed"];
        let of = |id: &str, code| {
            seen(&json!({"issuedId": id, "expiresOn": 7, "error": {"code": code, "message": "x"}}))
        };
        let mut pairs = Pairs::default();
        assert!(pairs.agree(&of(one, 1040), &of(two, 1040)));
        assert!(pairs.agree(&of(one, 1040), &of(two, 1040)));
        assert!(!pairs.agree(&of(one, 1040), &of(one, 1040)), "of another");
        assert!(!pairs.agree(&of(two, 1040), &of(two, 1040)), "of another");
        assert!(!pairs.agree(&of(one, 809), &of(two, 1040)));
        assert_eq!(seen(&json!([101, "a-7"])).told, "[customer 1,\"7\",]");
    }
}
