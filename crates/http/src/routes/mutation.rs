//! A request that writes, once it is known who calls: its body is read into a command, the command
//! is executed, and the answer rendered.

use accolade_application::error::UseCaseError;
use accolade_application::gate::{Size, Turn};
use accolade_application::ports::IdentifierKind;
use accolade_application::{Command, Executed, Request};
use accolade_domain::rejection::Rejection;
use accolade_wire::customer::named::ParseContext;
use accolade_wire::json::Parsed;
use accolade_wire::query::Query;
use actix_web::http::header::HeaderValue;
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use tokio::sync::oneshot;

use crate::auth::Permit;
use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::group_commit::GroupCommit;
use crate::idempotency::Running;
use crate::middleware::budget::Share;
use crate::middleware::deadline::Deadline;
use crate::middleware::encoding::Encoding;
use crate::response::Reply;
use crate::state::AppState;
use crate::submission::{Admitted, SmallCommand, Submission, execute_alone};

/// The most bytes of a body that is read where other requests wait to be read too. Larger ones are
/// read on a thread that may block, and their commands executed by themselves.
const SMALL_BODY: usize = 16 * 1024;

/// What a reader makes of a body.
type BodyRead<T> = Result<Parsed<T>, Vec<Rejection>>;

/// What a body is read by besides itself.
#[derive(Clone)]
pub(crate) struct BodyContext {
    /// The most customers that one request may name.
    pub(super) max_customers: usize,
    /// The header `requestId`.
    pub(super) request_id: Option<HeaderValue>,
    /// The kind of identifier by which customers are named; the problem if there is no such kind.
    pub(super) named_by: Result<Option<IdentifierKind>, Rejection>,
}

impl BodyContext {
    /// The same for the readers of the wire.
    ///
    /// # Errors
    /// 1028 if the header names no kind of identifier.
    fn parse_context(&self) -> Result<ParseContext<'_>, Vec<Rejection>> {
        Ok(ParseContext {
            max_customers: self.max_customers,
            request_id: self.request_id.as_ref().map(HeaderValue::as_bytes),
            named_by: self.named_by.clone().map_err(|problem| vec![problem])?,
        })
    }
}

/// A request whose caller may do what it asks for.
pub(crate) struct Mutation {
    pub(super) state: web::Data<AppState>,
    pub(super) deadline: Deadline,
    pub(super) request: Request,
    pub(super) permit: Permit,
    pub(super) running: Option<Running>,
    pub(super) query: Query,
    pub(super) body: Bytes,
    /// What the body has of the memory of all, decoded.
    pub(super) decoded: Share,
    /// How the body is compressed, if it is a file.
    pub(super) encoding: Encoding,
    pub(super) context: BodyContext,
}

impl Mutation {
    /// What `reader` reads of the body, or everything that is wrong with the query and the body: the
    /// command that is made of it [is refused](Self::execute) when its key was looked for.
    ///
    /// # Errors
    /// Those of the [dispatcher](crate::dispatch::Dispatcher::run), for a large body.
    pub(crate) async fn read<T: Send + 'static>(
        &mut self,
        reader: impl FnOnce(&[u8]) -> BodyRead<T> + Send + 'static,
    ) -> Result<Result<T, UseCaseError>, Failure> {
        let body = self.body.clone();
        self.read_by(move || reader(&body)).await
    }

    /// The same for a body that names customers, which is read by more than itself.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub(crate) async fn read_in_context<T: Send + 'static>(
        &mut self,
        reader: impl FnOnce(&[u8], ParseContext<'_>) -> BodyRead<T> + Send + 'static,
    ) -> Result<Result<T, UseCaseError>, Failure> {
        let (context, body) = (self.context.clone(), self.body.clone());
        let read = move || reader(&body, context.parse_context()?);
        self.read_by(read).await
    }

    /// The same for a body that is a file: `reader` gets it decoded, at most `most` bytes of it.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub(crate) async fn read_file<T: Send + 'static>(
        &mut self,
        most: usize,
        reader: impl FnOnce(Vec<u8>) -> BodyRead<T> + Send + 'static,
    ) -> Result<Result<T, UseCaseError>, Failure> {
        let (encoding, body) = (self.encoding, self.body.clone());
        // How much it will be is known afterwards.
        let at_most = match encoding {
            Encoding::Identity => body.len(),
            Encoding::Gzip | Encoding::Zstd => most,
        };
        self.decoded.resize(at_most)?;
        let (tell, told) = oneshot::channel();
        let read = move || {
            let decoded = encoding
                .decode(&body, most)
                .map_err(|problem| vec![problem])?;
            // Nobody who asks for it any more is no problem.
            let _ = tell.send(decoded.len());
            reader(decoded)
        };
        let file = self.read_by(read).await;
        self.decoded.resize(told.await.unwrap_or(0))?;
        file
    }

    async fn read_by<T: Send + 'static>(
        &mut self,
        read: impl FnOnce() -> BodyRead<T> + Send + 'static,
    ) -> Result<Result<T, UseCaseError>, Failure> {
        let turn = self.turn();
        let parsed = if turn.is_small() {
            read()
        } else {
            let dispatcher = &self.state.dispatcher;
            let parsed = dispatcher.run_in_turn(turn, self.deadline, Effect::Reads, read);
            parsed.await?
        };
        let query = std::mem::take(&mut self.query);
        Ok(match query.finish_with(parsed) {
            Ok(Parsed { value, warnings }) => {
                self.request.warnings = warnings;
                Ok(value)
            }
            Err(problems) => Err(problems.into()),
        })
    }

    /// Reads nothing of the body; for operations whose body says nothing.
    pub(crate) fn read_nothing(&mut self) -> Result<(), UseCaseError> {
        let report = std::mem::take(&mut self.query).finish();
        if report.problems.is_empty() {
            self.request.warnings = report.warnings;
            Ok(())
        } else {
            Err(report.problems.into())
        }
    }

    /// Executes `command` under the request's key and renders the answer. The key comes first: what
    /// it remembers is answered whether or not the command could be read.
    ///
    /// # Errors
    /// Why it could not be read; those of the command; those of the
    /// [dispatcher](crate::dispatch::Dispatcher::run).
    pub(crate) async fn execute(
        self,
        command: Result<impl Command + Send + 'static, UseCaseError>,
    ) -> Result<HttpResponse, Failure> {
        let dispatcher = self.state.dispatcher.clone();
        self.execute_on(&dispatcher, command).await
    }

    /// The same for a command that waits for a name server, which may take long: only others like it
    /// wait for its thread.
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute).
    pub(crate) async fn execute_with_names(
        self,
        command: Result<impl Command + Send + 'static, UseCaseError>,
    ) -> Result<HttpResponse, Failure> {
        let dispatcher = self.state.name_servers.clone();
        self.execute_on(&dispatcher, command).await
    }

    /// The same for a command that waits for a receiver of events.
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute).
    pub(crate) async fn execute_with_receiver(
        self,
        command: Result<impl Command + Send + 'static, UseCaseError>,
    ) -> Result<HttpResponse, Failure> {
        let dispatcher = self.state.receivers.clone();
        self.execute_on(&dispatcher, command).await
    }

    async fn execute_on<C: Command + Send + 'static>(
        self,
        dispatcher: &Dispatcher,
        command: Result<C, UseCaseError>,
    ) -> Result<HttpResponse, Failure> {
        self.take_customers(&command)?;
        let turn = self.turn();
        let (zone, recorded) = (self.request.caller.zone.clone(), !self.request.dry_run);
        let effect = if recorded {
            Effect::Writes
        } else {
            Effect::Reads
        };
        let (ports, listeners) = (self.state.ports.clone(), self.state.listeners());
        let admitted = Admitted {
            request: self.request,
            permit: self.permit,
            running: self.running,
        };
        let work = move || {
            let executed = execute_alone(&ports, &listeners, admitted, command)?;
            Reply::new(&executed, recorded, &zone)
        };
        let reply = dispatcher
            .run_in_turn(turn, self.deadline, effect, work)
            .await??;
        Ok(reply.respond(&self.state.bodies))
    }

    /// The same for a command that shares a transaction with those that `group_commit` gathers, if
    /// it is small and nothing is wrong with it.
    ///
    /// Whether its key was used before is not asked first: the store refuses it then.
    ///
    /// # Errors
    /// Those of [`execute`](Self::execute); those of the group commit.
    pub(crate) async fn execute_in_group<C: SmallCommand>(
        self,
        command: Result<C, UseCaseError>,
        group_commit: &GroupCommit<Submission<C>, Executed>,
    ) -> Result<HttpResponse, Failure> {
        let command = match command {
            Ok(command) if self.may_share() => command,
            command => return self.execute(command).await,
        };
        let Some(customers) = command.few_customers() else {
            return self.execute(Ok(command)).await;
        };
        self.take_customers(&command)?;
        let (zone, weight) = (self.request.caller.zone.clone(), customers.len());
        let submission = Submission {
            admitted: Admitted {
                request: self.request,
                permit: self.permit,
                running: self.running,
            },
            command,
            customers,
        };
        let executed = group_commit
            .execute(self.deadline, submission, weight)
            .await?;
        Ok(Reply::new(&executed, true, &zone)?.respond(&self.state.bodies))
    }

    /// Counts the customers of `command` among those that the client may name this minute.
    fn take_customers(&self, command: &impl Command) -> Result<(), Failure> {
        match self.permit.rate() {
            Some(rate) => rate.take_customers(command.customers()),
            None => Ok(()),
        }
    }

    /// Whose turn it is when it is read or executed.
    fn turn(&self) -> Turn {
        let is_small = self.body.len() <= SMALL_BODY && self.encoding == Encoding::Identity;
        let size = if is_small { Size::Small } else { Size::Large };
        Turn::new(self.request.caller.org, size)
    }

    fn may_share(&self) -> bool {
        !self.request.dry_run && self.body.len() <= SMALL_BODY
    }
}
