//! `/v1/links`: the links that the owner of a token saved. They are the only thing that a token with
//! nothing but `read` can change, and nobody else sees them.

use axum::{Extension, extract::State};
use pagos_engine::{RecordKind, RecordWrite, RecordWritten, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading, Writing},
    api::Api,
    caller::{Caller, ToRead},
    extract::{Json, Path},
    problem::{Fault, Problem, ProblemType},
    token::Token,
};

/// A link to a list with its filters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    /// What its owner calls it, up to 40 characters.
    name: String,
    /// The query of the list's address, up to 400 characters, which this service does not read.
    query: String,
}

/// The links of a token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkList {
    /// The links, by name.
    links: Vec<Link>,
}

/// The links that the owner of this token saved.
#[utoipa::path(
    get, path = "/v1/links", tag = "session",
    responses((status = 200, description = "The links", body = LinkList), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_links(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Extension(token): Extension<Token>,
) -> Result<Answer<LinkList>, Problem> {
    let (links, _) = read(&api, owner(&token)).await?;
    Ok(Answer::ok(LinkList { links }))
}

/// Save a link, or change the query of the one that has its name.
#[utoipa::path(
    post, path = "/v1/links", tag = "session", request_body = Link,
    responses((status = 200, description = "All links", body = LinkList), Writing),
    security(("token" = ["read"])),
)]
pub(crate) async fn keep_link(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Extension(token): Extension<Token>,
    Json(link): Json<Link>,
) -> Result<Answer<LinkList>, Problem> {
    let link = checked(link)?;
    change(api, token, move |links| {
        links.retain(|kept| kept.name != link.name);
        if links.len() >= LINKS_MAX {
            let detail = format!("{LINKS_MAX} links are saved already; forget one first");
            return Err(Problem::new(ProblemType::Refused, detail));
        }
        links.push(link.clone());
        links.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(())
    })
    .await
}

/// Forget a link. Forgetting it again changes nothing.
#[utoipa::path(
    post, path = "/v1/links/{name}/forget", tag = "session",
    params(("name" = String, Path, description = "The name of the link")),
    responses((status = 200, description = "The links that are left", body = LinkList), Writing),
    security(("token" = ["read"])),
)]
pub(crate) async fn forget_link(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Extension(token): Extension<Token>,
    Path(name): Path,
) -> Result<Answer<LinkList>, Problem> {
    change(api, token, move |links| {
        links.retain(|kept| kept.name != name);
        Ok(())
    })
    .await
}

/// Changes the links of a token's owner.
async fn change(
    api: Api,
    token: Token,
    change: impl Fn(&mut Vec<Link>) -> Result<(), Problem> + Send + 'static,
) -> Result<Answer<LinkList>, Problem> {
    let acting = api.clone();
    let changing = async move {
        let owner = owner(&token);
        for _ in 0..ROUNDS_MAX {
            let (mut links, was) = read(&acting, owner).await?;
            change(&mut links)?;
            let body = serde_json::to_string(&links)
                .map_err(|error| Problem::of_store(&StoreError::new(error.to_string())))?;
            let write = RecordWrite {
                kind: RecordKind::Links,
                name: owner.to_owned(),
                was,
                body: Some(body),
                notices: Vec::new(),
            };
            match acting.writer().write_record(write).await.map_err(|it| Problem::of_store(&it))? {
                RecordWritten::Done { .. } => return Ok(Answer::ok(LinkList { links })),
                RecordWritten::Conflict => {}
            }
        }
        Err(Problem::new(ProblemType::Busy, "the links were changed at the same moment"))
    };
    api.spawn_to_its_end(changing).await
}

/// The links of a token with the version of their record. Text that cannot be read counts as none: it
/// is nothing but somebody's shortcuts.
async fn read(api: &Api, owner: &str) -> Result<(Vec<Link>, Option<u64>), StoreError> {
    let record = api.store().record(RecordKind::Links, owner).await?;
    Ok(record.map_or_else(Default::default, |record| {
        (serde_json::from_str(&record.body).unwrap_or_default(), Some(record.version))
    }))
}

/// The id of the token that somebody logged in with.
fn owner(token: &Token) -> &str {
    token.session_of.as_deref().unwrap_or(&token.id)
}

fn checked(link: Link) -> Result<Link, Problem> {
    let name = link.name.trim().to_owned();
    let fits = |length: usize, max: usize| (1..=max).contains(&length);
    let mut faults = Vec::new();
    let mut blame = |field: &str, because: String| {
        let (pointer, field) = (Some(format!("/{field}")), Some(field.to_owned()));
        faults.push(Fault { pointer, field, because, ..Fault::default() });
    };
    if !fits(name.chars().count(), NAME_CHARS_MAX) || name.chars().any(char::is_control) {
        blame("name", format!("it is not 1 to {NAME_CHARS_MAX} characters of one line"));
    }
    let is_query = link.query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if !fits(link.query.len(), QUERY_CHARS_MAX) || !is_query {
        blame("query", format!("it is not 1 to {QUERY_CHARS_MAX} characters of an address"));
    }
    match faults.is_empty() {
        true => Ok(Link { name, ..link }),
        false => Err(Problem::invalid(faults)),
    }
}

const LINKS_MAX: usize = 20;
const NAME_CHARS_MAX: usize = 40;
const QUERY_CHARS_MAX: usize = 400;
const ROUNDS_MAX: usize = 8;
