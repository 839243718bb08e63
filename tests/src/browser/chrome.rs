//! What only Chrome's driver can be told: the commands of its developer tools, and its log.

use fantoccini::Client;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use ureq::http::Method;
use url::{ParseError, Url};

/// A command of a session that the standard does not know.
#[derive(Debug)]
struct Command {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// Has the developer tools carry out `command`.
pub(super) async fn developer_tools(
    client: &Client,
    command: &str,
    parameters: &Value,
) -> Result<Value, CmdError> {
    let command = Command {
        path: "goog/cdp/execute",
        body: json!({"cmd": command, "params": parameters}),
    };
    client.issue_cmd(command).await
}

/// What the browser has complained of since this was asked last.
pub(super) async fn complaints(client: &Client) -> Result<Vec<String>, CmdError> {
    let command = Command {
        path: "se/log",
        body: json!({"type": "browser"}),
    };
    let lines = client.issue_cmd(command).await?;
    let lines = lines.as_array().unwrap().iter();
    Ok(lines.map(|it| it["message"].to_string()).collect())
}
