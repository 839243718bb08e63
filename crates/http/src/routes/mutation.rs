//! A request that writes, once it is known who calls: its body is read into a command, the command
//! is executed, and the answer rendered.

use accolade_application::error::UseCaseError;
use accolade_application::gate::{Size, Turn};
use accolade_application::{Command, Executed, Request, execute};
use accolade_domain::rejection::Rejection;
use accolade_domain::zone::Zone;
use accolade_wire::customer::named::{BodyContext, ParseContext};
use accolade_wire::json::Parsed;
use accolade_wire::query::Query;
use accolade_wire::render::{self, Context, Rendered};
use actix_web::http::header::HeaderValue;
use actix_web::{HttpResponse, web};
use bytes::Bytes;

use crate::auth::Permit;
use crate::dispatch::{Dispatcher, Effect};
use crate::failure::Failure;
use crate::group_commit::GroupCommit;
use crate::idempotency::{REPLAYED, Running};
use crate::middleware::budget::{BodyBudget, Share};
use crate::middleware::deadline::Deadline;
use crate::middleware::encoding::Encoding;
use crate::response::respond;
use crate::state::AppState;
use crate::submission::{SmallCommand, Submission};
use crate::traces;

/// The most bytes of a body that is read where other requests wait to be read too. Larger ones are
/// read on a thread that may block, and their commands executed by themselves.
const SMALL_BODY: usize = 16 * 1024;

/// What a reader makes of a body.
type BodyRead<T> = Result<Parsed<T>, Vec<Rejection>>;

/// A request whose caller may do what it asks for.
pub(crate) struct Mutation {
    pub(super) state: web::Data<AppState>,
    pub(super) deadline: Deadline,
    pub(super) request: Request,
    pub(super) permit: Permit,
    pub(super) running: Option<Running>,
    pub(super) query: Query,
    pub(super) body: Bytes,
    /// What the file that the body is has of the memory of all, once it is decoded.
    pub(super) decoded: Option<Share>,
    /// How the body is compressed, if it is a file.
    pub(super) encoding: Encoding,
    pub(super) context: BodyContext,
}

impl Mutation {
    /// What `reader` reads of the body, or everything that is wrong with the query and the body: the
    /// command that is made of it [is refused](Self::execute) when its key was looked for.
    ///
    /// # Errors
    /// Those of the [dispatcher](Dispatcher::run), for a large body.
    pub(crate) async fn read<T: Send + 'static>(
        &mut self,
        reader: impl FnOnce(&[u8]) -> BodyRead<T> + Send + 'static,
    ) -> Result<Result<T, UseCaseError>, Failure> {
        let turn = self.turn();
        let read = if turn.is_small() {
            reader(&self.body)
        } else {
            let body = self.body.clone();
            let work = move || reader(&body);
            let dispatcher = &self.state.dispatcher;
            dispatcher
                .run(turn, self.deadline, Effect::Reads, work)
                .await?
        };
        Ok(self.with_query(read))
    }

    /// The same for a body that names customers, which is read by more than itself.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub(crate) async fn read_in_context<T: Send + 'static>(
        &mut self,
        reader: impl FnOnce(&[u8], ParseContext<'_>) -> BodyRead<T> + Send + 'static,
    ) -> Result<Result<T, UseCaseError>, Failure> {
        let context = self.context.clone();
        self.read(move |body| reader(body, context.parsed()?)).await
    }

    /// The body, which is a file, decoded: at most `most` bytes of it. `warnings` are those of what was
    /// asked for beside it.
    ///
    /// # Errors
    /// Those of [`read`](Self::read); 1951 if too much is held already.
    pub(crate) async fn read_file(
        &mut self,
        most: usize,
        warnings: Vec<Rejection>,
    ) -> Result<Result<Vec<u8>, UseCaseError>, Failure> {
        let (turn, encoding, body) = (self.turn(), self.encoding, self.body.clone());
        // How much it will be is known afterwards.
        let at_most = match encoding {
            Encoding::Identity => body.len(),
            Encoding::Gzip | Encoding::Zstd => most,
        };
        let mut share = self.state.bodies.share();
        share.resize(at_most)?;
        // The share goes along: it is given back when the work ends, whoever still waits for it.
        let work = move || (encoding.decode(&body, most), share);
        let (decoded, mut share) = if turn.is_small() {
            work()
        } else {
            let dispatcher = &self.state.dispatcher;
            dispatcher
                .run(turn, self.deadline, Effect::Reads, work)
                .await?
        };
        share.resize(decoded.as_ref().map_or(0, Vec::len))?;
        self.decoded = Some(share);
        let file = decoded.map(|value| Parsed { value, warnings });
        Ok(self.with_query(file.map_err(|problem| vec![problem])))
    }

    /// What was `read`, together with what is wrong with the query and odd about it.
    fn with_query<T>(&mut self, read: BodyRead<T>) -> Result<T, UseCaseError> {
        let query = std::mem::take(&mut self.query);
        let Parsed { value, warnings } = query.finish_with(read)?;
        self.request.warnings = warnings;
        Ok(value)
    }

    /// Reads nothing of the body; for operations whose body says nothing.
    pub(crate) fn read_nothing(&mut self) -> Result<(), UseCaseError> {
        self.with_query(Ok(Parsed {
            value: (),
            warnings: Vec::new(),
        }))
    }

    /// Executes `command` under the request's key and renders the answer. The key comes first: what
    /// it remembers is answered whether or not the command could be read.
    ///
    /// # Errors
    /// Why it could not be read; those of the command; those of the
    /// [dispatcher](Dispatcher::run).
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
        let (ports, listeners) = (self.state.ports.clone(), self.state.listeners.clone());
        let (request, permit, running) = (self.request, self.permit, self.running);
        let work = move || {
            let _span = traces::use_case(traces::name::<C>);
            // To the end, even if nobody waits for the answer any more.
            let _running = running;
            permit.check_again(&ports)?;
            let org = request.caller.org;
            let executed = execute(&ports, request, command);
            if recorded {
                listeners.tell(org, &executed);
            }
            Reply::new(&executed?, recorded, &zone)
        };
        let reply = dispatcher.run(turn, self.deadline, effect, work).await??;
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
            request: self.request,
            permit: self.permit,
            running: self.running,
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

/// The answer to a request that was executed, rendered.
struct Reply {
    rendered: Rendered,
    replayed: bool,
}

impl Reply {
    /// How `executed` is answered to whoever sees times in `zone`; `recorded`: it was no dry run.
    ///
    /// # Errors
    /// It cannot be written, which should not happen.
    fn new(executed: &Executed, recorded: bool, zone: &Zone) -> Result<Self, UseCaseError> {
        let warnings = executed.warnings();
        let context = Context { zone, warnings };
        let rendered = render::answer(executed.answer(), recorded, context)?;
        let replayed = matches!(executed, Executed::Replayed(_));
        Ok(Self { rendered, replayed })
    }

    /// The response that carries it, with what its body has of the memory of all `bodies`.
    fn respond(self, bodies: &BodyBudget) -> HttpResponse {
        let share = bodies.for_recorded(self.rendered.body.len());
        let mut response = respond(self.rendered, share);
        if self.replayed {
            let replayed = HeaderValue::from_static("true");
            response.headers_mut().insert(REPLAYED, replayed);
        }
        response
    }
}
