//! One request to the API before it is opened: what every handler gets.
//!
//! A handler takes from it what stands in the path and the headers, and then opens it: as a
//! [`Lookup`] if it reads, as a [`Mutation`] if it writes.

use std::borrow::Cow;
use std::future::{Ready, ready};
use std::str::FromStr;
use std::sync::Arc;

use accolade_application::Request;
use accolade_application::access::Caller;
use accolade_application::ports::{IdempotencyGuard, IdempotencyKey, IdentifierKind};
use accolade_domain::audit::RequestTag;
use accolade_domain::rejection::{Code, Rejection};
use accolade_wire::customer::named::{self, BodyContext, IDENTIFIER_HEADER, NamedCustomer};
use accolade_wire::query::Query;
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, IF_MATCH, ORIGIN};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use anyhow::anyhow;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use time::Duration;

use crate::auth::Permit;
use crate::failure::Failure;
use crate::idempotency;
use crate::middleware::body::{self, Room};
use crate::middleware::deadline::Deadline;
use crate::middleware::encoding::Encoding;
use crate::operation::{Interface, MethodRules, Rules};
use crate::routes::lookup::Lookup;
use crate::routes::mutation::Mutation;
use crate::state::AppState;

/// The parameter that asks for a dry run.
const DRY_RUN: &str = "dryRun";

/// A request to the API, its body not read yet.
pub(crate) struct Call {
    state: web::Data<AppState>,
    rules: Rules,
    request: HttpRequest,
    payload: Payload,
    /// Whether the parameter that asks for a dry run is left to the handler.
    keeps_dry_run: bool,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyKind {
    /// JSON.
    Json,
    /// Something that nobody reads, but that belongs to what a key stands for.
    Unread,
    /// A file, compressed or not.
    File,
}

impl FromRequest for Call {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let state = request.app_data::<web::Data<AppState>>().cloned();
        let rules = MethodRules::for_request(request);
        let call = state.zip(rules).map(|(state, rules)| Self {
            state,
            rules,
            request: request.clone(),
            payload: payload.take(),
            keeps_dry_run: false,
        });
        ready(call.ok_or_else(|| Failure::unexpected(anyhow!("the operation is not declared"))))
    }
}

impl Call {
    /// Opens a request that only reads: who calls, and may it?
    ///
    /// # Errors
    /// 1930, 1931, 1932; the store failed.
    pub(crate) async fn open_lookup(self) -> Result<Lookup, Failure> {
        let (caller, permit) = self.admit().await?;
        Ok(Lookup {
            caller,
            permit,
            query: Query::parse(self.request.query_string()),
            deadline: Deadline::from_request(&self.request),
            is_head: self.request.method() == Method::HEAD,
            version: self.request.version(),
            state: self.state,
        })
    }

    /// Whether the query says something under `name`.
    pub(crate) fn asks(&self, name: &str) -> bool {
        Query::parse(self.request.query_string()).has(name)
    }

    /// The same call, but `dryRun` is a setting of what is created, which the handler reads.
    pub(crate) fn keeping_dry_run(mut self) -> Self {
        self.keeps_dry_run = true;
        self
    }

    /// Opens a request that writes: who calls, may it, under which key, with which body?
    ///
    /// # Errors
    /// 1930, 1931, 1932; 400 or 1911 for the key; 1942, 1943, 1945 for the body; the store failed.
    pub(crate) async fn open(self) -> Result<Mutation, Failure> {
        let kind = if self.rules.json {
            BodyKind::Json
        } else {
            BodyKind::Unread
        };
        self.open_with(kind).await
    }

    /// Opens a request that writes, whose body is a file: of any type, compressed or not.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub(crate) async fn open_file(self) -> Result<Mutation, Failure> {
        self.open_with(BodyKind::File).await
    }

    async fn open_with(mut self, kind: BodyKind) -> Result<Mutation, Failure> {
        let (mut caller, mut permit) = self.admit().await?;
        self.refuse_forged()?;
        let mut query = Query::parse(self.request.query_string());
        let dry_run = self.is_dry_run(&mut query);
        let key = if self.rules.takes_key && !dry_run {
            idempotency::key(self.request.headers())?
        } else {
            None
        };
        let running = key
            .clone()
            .map(|key| self.state.running_keys.start(caller.org, caller.actor, key))
            .transpose()?;
        let encoding = match kind {
            BodyKind::File => Encoding::from_headers(self.headers())?,
            BodyKind::Json | BodyKind::Unread => Encoding::Identity,
        };
        let body = self.body(kind).await?;
        if permit.is_old() {
            (caller, permit) = self.permit().await?;
        }
        let key = key.map(|key| self.guard(&caller, key, &body, encoding));
        let context = BodyContext {
            max_customers: self.state.options.customers_per_request,
            request_id: self.header("requestId").map(<[u8]>::to_vec),
            identifier: self.header(IDENTIFIER_HEADER).map(<[u8]>::to_vec),
        };
        let mut request = Request::new(caller);
        request.key = key;
        request.dry_run = dry_run;
        request.tag = self.request.extensions().get::<RequestTag>().cloned();
        Ok(Mutation {
            decoded: None,
            deadline: Deadline::from_request(&self.request),
            state: self.state,
            request,
            permit,
            running,
            query,
            body,
            encoding,
            context,
        })
    }

    /// Whether the request is a dry run. Where there is none the wish is a problem of `query`: who only
    /// wants to try must not find it recorded.
    fn is_dry_run(&self, query: &mut Query) -> bool {
        if self.keeps_dry_run {
            return false;
        }
        let wanted = query.flag(DRY_RUN) == Some(true);
        if wanted && !self.rules.dry_run {
            let message =
                "This operation cannot be tried without being recorded. Leave dryRun out.";
            query.refuse(Rejection::unreadable(message).at_field(DRY_RUN));
        }
        wanted && self.rules.dry_run
    }

    /// Who calls, if it may, and once more this minute.
    async fn admit(&self) -> Result<(Caller, Permit), Failure> {
        let (caller, permit) = self.permit().await?;
        if let Some(rate) = permit.rate() {
            // The edge says what is left.
            self.request.extensions_mut().insert(Arc::clone(rate));
            rate.take_request()?;
        }
        Ok((caller, permit))
    }

    async fn permit(&self) -> Result<(Caller, Permit), Failure> {
        let permitted = (self.state.auth).permit(&self.request, self.rules.groups);
        permitted
            .await
            .map_err(|failure| match self.rules.interface {
                Interface::Api => failure,
                Interface::Workflow => failure.in_workflow(),
            })
    }

    /// Browsers add the credentials that they remember to what another site's page has them send. Only a
    /// page that the server has agreed to can send JSON so.
    ///
    /// # Errors
    /// 1931 for what such a page may have sent.
    fn refuse_forged(&self) -> Result<(), Rejection> {
        let headers = self.headers();
        let says = |name: &str, text: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.is_some_and(|value| value.to_ascii_lowercase().starts_with(text))
        };
        let allowed = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        let allowed = allowed.is_some_and(|origin| {
            self.state
                .options
                .cors_origins
                .iter()
                .any(|it| it == origin)
        });
        let is_forged = says("sec-fetch-site", "cross-site")
            && says("authorization", "basic ")
            && !says("content-type", "application/json");
        if is_forged && !allowed {
            let message = "Another site's page has a browser send this. Send it from a page of your own, \
                           or as application/json.";
            return Err(Rejection::new(Code::Forbidden).with_message(message));
        }
        Ok(())
    }

    async fn body(&mut self, kind: BodyKind) -> Result<Bytes, Failure> {
        let payload = self.payload.take();
        let room = Room {
            most: self.state.options.body_limit,
            budget: Some(&self.state.bodies),
        };
        match kind {
            BodyKind::Json => body::json(&self.request, payload, room).await,
            BodyKind::Unread => body::bytes(&self.request, payload, room).await,
            BodyKind::File => body::encoded(&self.request, payload, room).await,
        }
    }

    /// What `key` stands for when it comes with `body`.
    fn guard(
        &self,
        caller: &Caller,
        key: IdempotencyKey,
        body: &[u8],
        encoding: Encoding,
    ) -> IdempotencyGuard {
        let read_by = match encoding {
            Encoding::Identity => self.headers().get(IDENTIFIER_HEADER),
            Encoding::Gzip | Encoding::Zstd => self.headers().get(CONTENT_ENCODING),
        };
        let used_on = self.state.ports.clock.now();
        // More than there is time for is held at its end.
        let retention =
            Duration::try_from(self.state.options.idempotency_retention).unwrap_or(Duration::MAX);
        IdempotencyGuard {
            org: caller.org,
            actor: caller.actor,
            key,
            fingerprint: idempotency::fingerprint(
                self.request.method().as_str(),
                self.request.path(),
                self.request.query_string(),
                body,
                read_by,
            ),
            warnings: Vec::new(),
            used_on,
            expires_on: used_on + retention,
        }
    }

    /// The path and the query, as they were asked for.
    pub(crate) fn target(&self) -> String {
        self.request.uri().path_and_query().map_or_else(
            || self.request.path().to_owned(),
            |target| target.as_str().to_owned(),
        )
    }

    /// The headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// The id in the part of the path that the route names `name`. One that is malformed belongs
    /// to nothing.
    ///
    /// # Errors
    /// 404; `not_found` is what it says.
    pub(crate) fn id<T: FromStr>(&self, name: &str, not_found: &str) -> Result<T, Rejection> {
        self.path_part(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Rejection::new(Code::NotFound).with_message(not_found))
    }

    /// The entity tags, without quotes, of which what is to be changed must have one (RFC 9110); `None` if
    /// any will do. Weak ones match nothing and are left out.
    ///
    /// # Errors
    /// 400 if `If-Match` is not a list of entity tags.
    pub(crate) fn if_match(&self) -> Result<Option<Vec<String>>, Rejection> {
        if_match(self.headers())
    }

    /// The kind of identifier by which customers are named; `None`: by number.
    ///
    /// # Errors
    /// 1028 if there is no such kind.
    pub(crate) fn named_by(&self) -> Result<Option<IdentifierKind>, Rejection> {
        named::named_by(self.header(IDENTIFIER_HEADER))
    }

    fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().get(name).map(HeaderValue::as_bytes)
    }

    /// The customer in the path.
    ///
    /// # Errors
    /// 1028 if the header names no kind of identifier; 404 if it is no number and the header does not
    /// say what else it is; 1026 if nobody can have such an identifier.
    pub(crate) fn customer(&self) -> Result<NamedCustomer, Rejection> {
        let named_by = self.named_by()?;
        named::in_path(self.path_part("customerId")?, named_by)
    }

    /// The part of the path that the route names `name`, percent-decoded.
    ///
    /// # Errors
    /// 404 if it is not percent-encoded UTF-8 without NUL: nothing has such a name.
    pub(crate) fn path_part(&self, name: &str) -> Result<String, Rejection> {
        percent_decode_str(self.request.match_info().query(name))
            .decode_utf8()
            .ok()
            .filter(|text| !text.contains('\0'))
            .map(Cow::into_owned)
            .ok_or_else(|| Rejection::new(Code::NotFound))
    }
}

// Read here and not by the framework, which leaves out what is no tag: a caller whose tag got lost
// on its way would change what it has not seen, or be told that somebody else did.
fn if_match(headers: &HeaderMap) -> Result<Option<Vec<String>>, Rejection> {
    let malformed = || {
        Rejection::unreadable("Must be * or a list of entity tags in quotes.").at_field("If-Match")
    };
    let mut lists = Vec::new();
    for value in headers.get_all(IF_MATCH) {
        lists.push(value.to_str().map_err(|_| malformed())?);
    }
    let list = lists.join(",");
    if lists.is_empty() || list.trim() == "*" {
        return Ok(None);
    }
    tags(&list).map(Some).ok_or_else(malformed)
}

fn tags(list: &str) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    let mut rest = list.trim();
    while !rest.is_empty() {
        let (weak, opened) = match rest.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (tag, after) = opened.strip_prefix('"')?.split_once('"')?;
        if !weak {
            tags.push(tag.to_owned());
        }
        let after = after.trim_start();
        rest = match after.strip_prefix(',') {
            Some(next) => next.trim(),
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&'static str]) -> Result<Option<Vec<String>>, u32> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
        }
        if_match(&headers).map_err(|rejection| rejection.code.number())
    }

    fn tags(all: &[&str]) -> Vec<String> {
        all.iter().map(|tag| (*tag).to_owned()).collect()
    }

    #[test]
    fn without_the_header_and_by_a_star_any_tag_will_do() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["*"]), Ok(None));
    }

    #[test]
    fn one_tag_of_a_list_must_match_and_weak_ones_never_do() {
        assert_eq!(read(&["\"a\""]), Ok(Some(tags(&["a"]))));
        assert_eq!(
            read(&["\"a\" , \"b,c\"", "\"d\""]),
            Ok(Some(tags(&["a", "b,c", "d"])))
        );
        assert_eq!(read(&["W/\"a\""]), Ok(Some(tags(&[]))));
        assert_eq!(read(&["W/\"a\", \"b\""]), Ok(Some(tags(&["b"]))));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for value in ["a", "\"a", "\"a\" \"b\"", "*, \"a\""] {
            assert_eq!(read(&[value]), Err(400), "{value}");
        }
    }
}
