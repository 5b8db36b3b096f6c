//! Opik's ingestion: the requests that its SDKs make. `fields` has what is refused, `rows` how rows replace each other.

use serde_json::{Value, json};

use self::rejection::{Fault, Rejection, Stage};
use self::rules::{Mode, Scene};
use crate::http::{Request, Response};
use crate::ids;
use crate::server::{Delivery, Received, Receiver, Shared};
use crate::store::{Document, Kind, Row, System};

mod fields;
mod mapping;
mod otel;
mod rejection;
mod rows;
mod rules;
mod who;

const PRIVATE: &str = "/v1/private/";
const PING: &str = "/is-alive/ping";
/// The page of a trace that an SDK prints.
const REDIRECT: &str = "/v1/session/redirect/projects";
/// Items in one batch, by bean validation.
const BATCH: usize = 1_000;

pub(crate) const RECEIVER: Receiver = Receiver {
    system: System::Opik,
    claims: |path| path.contains(PRIVATE) || path.ends_with(PING) || path.contains(REDIRECT),
    ingests: |request| {
        matches!(
            call(request),
            Some((
                Act::Batch(_) | Act::Otel | Act::Create(_) | Act::Update(_),
                _
            ))
        )
    },
    receive,
};

#[derive(Clone, Copy)]
enum Act {
    Batch(Kind),
    /// OTLP spans.
    Otel,
    Create(Kind),
    Update(Kind),
    Look(Kind),
    /// Accepted and ignored.
    Ignore,
}

/// Method, path below `/v1/private/` with `*` for an id, and the action.
const CALLS: [(&str, &str, Act); 14] = [
    ("POST", "traces/batch", Act::Batch(Kind::Trace)),
    ("POST", "spans/batch", Act::Batch(Kind::Span)),
    ("POST", "otel/v1/traces", Act::Otel),
    ("POST", "traces", Act::Create(Kind::Trace)),
    ("POST", "spans", Act::Create(Kind::Span)),
    ("PATCH", "traces/*", Act::Update(Kind::Trace)),
    ("PATCH", "spans/*", Act::Update(Kind::Span)),
    ("GET", "traces/*", Act::Look(Kind::Trace)),
    ("GET", "spans/*", Act::Look(Kind::Span)),
    ("PUT", "traces/feedback-scores", Act::Ignore),
    ("PUT", "spans/feedback-scores", Act::Ignore),
    ("PUT", "traces/threads/feedback-scores", Act::Ignore),
    ("PUT", "traces/*/feedback-scores", Act::Ignore),
    ("PUT", "spans/*/feedback-scores", Act::Ignore),
];

/// The endpoint of a request, and the id in its path.
fn call(request: &Request) -> Option<(Act, &str)> {
    let (_, path) = request.path.split_once(PRIVATE)?;
    let path = path.trim_end_matches('/');
    CALLS
        .iter()
        .filter(|(method, ..)| *method == request.method)
        .find_map(|(_, pattern, act)| {
            let mut id = "";
            let mut parts = path.split('/');
            let fits = pattern.split('/').all(|want| match parts.next() {
                Some(part) if want == "*" => {
                    id = part;
                    true
                }
                part => part == Some(want),
            });
            (fits && parts.next().is_none()).then_some((*act, id))
        })
}

fn receive(delivery: &Delivery<'_>, shared: &Shared) -> Received {
    let request = delivery.request;
    if request.path.ends_with(PING) {
        return plain(Response::json(
            200,
            &json!({ "message": "Alive and kicking", "healthy": true }),
        ));
    }
    if request.path.contains(REDIRECT) {
        return plain(Response::empty(303).with(
            "location",
            &format!("/#{}", request.asked("trace_id").unwrap_or_default()),
        ));
    }
    let rejection = match who::enter(request, &shared.options) {
        Err(rejection) => rejection,
        Ok(workspace) => {
            let Some((act, id)) = call(request) else {
                return plain(not_found());
            };
            let order = Order {
                id,
                body: delivery.body,
                workspace: &workspace,
                kind: request.header("content-type"),
                project: request.header("projectname"),
                shared,
            };
            match order.carry_out(act) {
                Ok((response, items)) => {
                    return Received {
                        response,
                        items,
                        reasons: Vec::new(),
                    };
                }
                Err(rejection) => rejection,
            }
        }
    };
    Received {
        response: rejection.response(),
        items: rejection.items,
        reasons: rejection.reasons(),
    }
}

fn plain(response: Response) -> Received {
    Received {
        response,
        items: None,
        reasons: Vec::new(),
    }
}

fn not_found() -> Response {
    Response::json(
        404,
        &json!({ "code": 404, "message": "HTTP 404 Not Found" }),
    )
}

struct Order<'a> {
    id: &'a str,
    body: &'a [u8],
    workspace: &'a str,
    kind: Option<&'a str>,
    /// Of all spans of an OTLP request.
    project: Option<&'a str>,
    shared: &'a Shared,
}

type Outcome = Result<(Response, Option<usize>), Rejection>;

impl Order<'_> {
    fn carry_out(&self, act: Act) -> Outcome {
        let mode = if matches!(act, Act::Update(_)) {
            Mode::Update
        } else {
            Mode::Create
        };
        let scene = Scene::now(self.shared.options.window, mode);
        match act {
            Act::Batch(kind) => self.batch(kind, &scene),
            Act::Otel => self.otel(&scene),
            Act::Create(kind) => {
                let document = self.object()?;
                fields::check(&document, kind, &scene, None)?;
                let row = rows::row(document, kind, self.workspace, &scene);
                let place = format!("/v1/private/{}/{}", kind.list(), row.key.id);
                self.shared
                    .store
                    .change(|state| rows::create(state.table(kind), row))?;
                Ok((Response::empty(201).with("location", &place), Some(1)))
            }
            Act::Update(kind) => {
                let mut document = self.object()?;
                document.insert("id".to_owned(), self.id.into());
                fields::check(&document, kind, &scene, None)?;
                let row = rows::row(document, kind, self.workspace, &scene);
                self.shared
                    .store
                    .change(|state| rows::update(state.table(kind), row))?;
                Ok((Response::empty(204), Some(1)))
            }
            Act::Look(kind) => {
                let mut state = self.shared.store.read();
                let id = ids::parse(self.id)
                    .map(|id| id.to_string())
                    .unwrap_or_default();
                let found = rows::find(state.table(kind), self.workspace, &id).map(Row::shown);
                Ok((
                    found.map_or_else(not_found, |row| Response::json(200, &row)),
                    None,
                ))
            }
            Act::Ignore => Ok((Response::empty(204), None)),
        }
    }

    /// The batch is accepted as a whole or not at all.
    fn batch(&self, kind: Kind, scene: &Scene) -> Outcome {
        let list = self.object()?.remove(kind.list()).unwrap_or(Value::Null);
        let whole = |stage, reason| Rejection::of(Fault::whole(stage, kind.list(), reason));
        let items = match list {
            Value::Array(items) if (1..=BATCH).contains(&items.len()) => items,
            Value::Array(items) => {
                let rejection = whole(Stage::Validate, "must hold 1 to 1000 items");
                return Err(Rejection {
                    items: Some(items.len()),
                    ..rejection
                });
            }
            Value::Null => return Err(whole(Stage::Validate, "is required")),
            _ => return Err(whole(Stage::Parse, "must be a list")),
        };
        let count = self.take_all(kind, items, scene)?;
        Ok((Response::empty(204), Some(count)))
    }

    /// The same spans as in any OTLP receiver.
    fn otel(&self, scene: &Scene) -> Outcome {
        let items = otel::documents(self.body, self.kind, self.project)?;
        let count = self.take_all(Kind::Span, items, scene)?;
        Ok((Response::empty(200), Some(count)))
    }

    fn take_all(&self, kind: Kind, items: Vec<Value>, scene: &Scene) -> Result<usize, Rejection> {
        let count = items.len();
        let (mut rows, mut faults) = (Vec::new(), Vec::new());
        for (place, item) in items.into_iter().enumerate() {
            let Value::Object(document) = item else {
                faults.push(Fault::of(place, (Stage::Parse, "", "must be an object")));
                continue;
            };
            match fields::check(&document, kind, scene, Some(place)) {
                Ok(()) => rows.push(rows::row(document, kind, self.workspace, scene)),
                Err(rejection) => faults.extend(rejection.faults),
            }
        }
        if !faults.is_empty() {
            return Err(Rejection {
                faults,
                items: Some(count),
                list: kind.list(),
            });
        }
        self.shared
            .store
            .change(|state| rows.into_iter().for_each(|row| state.table(kind).put(row)));
        Ok(count)
    }

    fn object(&self) -> Result<Document, Rejection> {
        let kind = self
            .kind
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let whole = |stage, reason| Rejection::of(Fault::whole(stage, "", reason));
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(whole(Stage::Media, "content-type must be application/json"));
        }
        match serde_json::from_slice(self.body) {
            Ok(Value::Object(document)) => Ok(document),
            Ok(_) => Err(whole(Stage::Parse, "the body must be an object")),
            Err(_) => Err(whole(Stage::Parse, "the body is no JSON")),
        }
    }
}
