//! `/api/v1/customers`: registered by a questionnaire, found, read and changed.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use programme::{
    AnswersChanged, AnswersGiven, ChangeView, ConsentEvent, CustomerView, FindBy, FormView,
    FoundCustomer, Means, NewCustomer, Registered,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::call::Call;
use super::extract::{Body, Path, Query};
use super::page::{List, Page};
use super::problem::{Fault, Problem};
use super::rules::OnceNamed;
use super::time::rfc3339;
use super::version::{ETag, IfMatch, Tagged};

/// A questionnaire that counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct Form {
    /// The network it was published for; null is the programme.
    #[schema(example = "pyramid")]
    network: Option<String>,
    /// Its version; 0 is the one that comes with the program.
    #[schema(example = 3)]
    version: i64,
    /// What is asked: docs/CUSTOMERS.md has its form.
    #[schema(value_type = Object)]
    questionnaire: Value,
}

/// Whose questionnaire is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FormQuery {
    /// The network.
    #[param(example = "pyramid")]
    network: String,
}

/// A customer to be registered.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerToRegister {
    /// Your own id of him, if there is one; never a phone, an e-mail or a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1042", min_length = 1, max_length = 128)]
    id: Option<String>,
    /// Where; else the network of the card, or of the caller's shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "pyramid")]
    network: Option<String>,
    /// A card that becomes his.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "4006381333931")]
    card: Option<String>,
    /// Answers by the ids of their questions.
    #[schema(value_type = Object, example = json!({"phone": "+7 900 123-45-67", "processing": true}))]
    answers: OnceNamed,
    /// How they were given: `paper`, `till_screen`, `site`, `app`, `call`, `code` or `import`.
    #[schema(example = "till_screen", pattern = "^(paper|till_screen|site|app|call|code|import)$")]
    means: String,
}

/// A customer who was registered; nothing of it says who he is.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegisteredCustomer {
    /// His id.
    #[schema(example = "c5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    customer: String,
    /// Where he was registered.
    #[schema(example = "pyramid")]
    network: String,
    /// The end of his card's number.
    #[schema(example = "…3931")]
    card: Option<String>,
    /// The version of the questionnaire he answered.
    #[schema(example = 3)]
    form_version: i64,
    /// Questions that want an answer still.
    #[schema(example = json!(["surname", "birth_date"]))]
    missing: Vec<String>,
    /// Rises with each change of an answer or a consent; `ETag` names it.
    #[schema(example = 1)]
    version: i64,
}

/// By what a customer is looked for: one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerToFind {
    /// A phone, however it is written.
    #[serde(default)]
    #[schema(example = "8 (900) 123-45-67")]
    phone: Option<String>,
    /// An e-mail.
    #[serde(default)]
    email: Option<String>,
    /// Whole words of a name, in any sequence.
    #[serde(default)]
    name: Option<String>,
}

/// Customers who were found.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomersFound {
    /// At most twenty; whoever is looked for by a common name is asked for more of it.
    customers: Vec<CustomerFound>,
}

/// Somebody who was found; nothing of it says who he is.
#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerFound {
    /// His id.
    #[schema(example = "c5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    customer: String,
    /// Where he was registered.
    #[schema(example = "pyramid")]
    network: String,
    /// When.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    registered_at: String,
    /// Ends of the numbers of his cards.
    #[schema(example = json!(["…3931"]))]
    cards: Vec<String>,
}

/// A customer with his answers and consents.
#[derive(Serialize, ToSchema)]
pub struct Customer {
    /// His id.
    #[schema(example = "c5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    id: String,
    /// Where he was registered.
    #[schema(example = "pyramid")]
    network: String,
    /// When.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    registered_at: String,
    /// His answers by the ids of their questions.
    #[schema(value_type = Object, example = json!({"phone": "+79001234567", "first_name": "Анна"}))]
    answers: Value,
    /// What he agreed to or took back last, for each purpose he was asked about.
    consents: Vec<Consent>,
    /// The questionnaire by which he is complete or not.
    form_version: i64,
    /// Questions that want an answer still.
    #[schema(example = json!(["birth_date"]))]
    missing: Vec<String>,
    /// Share of questions that are answered, in hundredths of a per cent.
    #[schema(example = 6250)]
    complete_bps: u32,
    /// When an answer changed last.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    changed_at: String,
    /// Rises with each change of an answer or a consent; `ETag` and `If-Match` name it.
    #[schema(example = 2)]
    version: i64,
}

/// What somebody agreed to, or took back, with its proof.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consent {
    /// `processing`, `partners`, or `advertising:` with a channel.
    #[schema(example = "advertising:sms")]
    purpose: String,
    /// Whether he agreed; else he took it back.
    given: bool,
    /// Which text he was shown.
    #[schema(example = "2026-01")]
    text_version: String,
    /// When.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    at: String,
    /// The shop, if it was in one.
    #[schema(example = "pyramid-1")]
    place: Option<String>,
    /// Who took it down.
    #[schema(example = "staff:anna")]
    operator: String,
    /// How: `paper`, `till_screen`, `site`, `app`, `call`, `code` or `import`.
    #[schema(example = "paper")]
    means: String,
}

/// Answers that a customer gives now.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersToChange {
    /// Answers by the ids of their questions; null takes one back.
    #[schema(value_type = Object, example = json!({"email": "anna@example.com", "birth_date": "1990-05-17"}))]
    answers: OnceNamed,
    /// How they were given: `paper`, `till_screen`, `site`, `app`, `call`, `code` or `import`.
    #[schema(example = "till_screen", pattern = "^(paper|till_screen|site|app|call|code|import)$")]
    means: String,
    /// Whether all that the questionnaire wants must be there now.
    #[serde(default)]
    complete: bool,
}

/// That answers were changed; nothing of it says who he is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangedAnswers {
    /// His id.
    #[schema(example = "c5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")]
    customer: String,
    /// Questions whose answer is another now.
    #[schema(example = json!(["email"]))]
    changed: Vec<String>,
    /// Purposes that are given or taken back now.
    #[schema(example = json!(["advertising:email"]))]
    consents: Vec<String>,
    /// Questions that want an answer still.
    #[schema(example = json!(["birth_date"]))]
    missing: Vec<String>,
    /// Rises with each change of an answer or a consent; `ETag` names it.
    #[schema(example = 2)]
    version: i64,
}

/// A change of answers: what, and who made it where.
#[derive(Serialize, ToSchema)]
pub struct AnswerChange {
    /// Grows with every change.
    #[schema(example = 17)]
    id: i64,
    /// What stood there before and after; null where there was no answer.
    #[schema(value_type = Vec<Object>, example = json!([{"question": "email", "before": null, "after": "anna@example.com"}]))]
    answers: Value,
    /// Who.
    #[schema(example = "staff:anna")]
    actor: String,
    /// In which role.
    #[schema(example = "operator")]
    role: String,
    /// Through which door.
    #[schema(example = "till")]
    door: String,
    /// In which shop, if in one.
    #[schema(example = "pyramid-1")]
    shop: Option<String>,
    /// At which till, if at one.
    #[schema(example = "1")]
    till: Option<String>,
    /// The request, by which log lines are found.
    #[schema(example = "0b5c1f3e9a7d4c22")]
    request: String,
    /// When.
    #[schema(example = "2026-01-01T09:00:00Z", format = DateTime)]
    at: String,
}

/// The questionnaire of a network today.
#[utoipa::path(
    get,
    path = "/api/v1/questionnaire",
    tag = "customers",
    params(FormQuery),
    responses((status = 200, description = "The questionnaire", body = Form))
)]
pub async fn form(
    State(app): Shared,
    call: Call,
    Query(query): Query<FormQuery>,
) -> Result<Json<Form>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let today = act.at.utc_day();
    let view = app.pool.run(move || Ok(programme.form(&act, &query.network, today)?)).await?;
    Ok(Json(view.try_into()?))
}

/// Registers a customer by his first answers: those that the questionnaire asks for at a till must be there.
#[utoipa::path(
    post,
    path = "/api/v1/customers",
    tag = "customers",
    request_body = CustomerToRegister,
    responses((status = 201, description = "Who was registered", body = RegisteredCustomer))
)]
pub async fn register(
    State(app): Shared,
    call: Call,
    Body(body): Body<CustomerToRegister>,
) -> Result<(StatusCode, Tagged<Json<RegisteredCustomer>>), Problem> {
    let act = call.writing(&body)?;
    let means = means(&body.means)?;
    let CustomerToRegister { id, network, card, answers, .. } = body;
    let answers = by_question(answers)?;
    let new = NewCustomer { id, network, card, answers, means };
    let programme = app.programme.clone();
    let done = app.pool.run(move || Ok(programme.register_customer(&act, new)?)).await?;
    Ok((StatusCode::CREATED, Tagged(ETag::of(done.version), Json(done.into()))))
}

/// Customers who answered a phone, an e-mail or a name. That each was found is told in the audit.
#[utoipa::path(
    post,
    path = "/api/v1/customers/find",
    tag = "customers",
    request_body = CustomerToFind,
    responses((status = 200, description = "Who was found", body = CustomersFound))
)]
pub async fn find(
    State(app): Shared,
    call: Call,
    Body(body): Body<CustomerToFind>,
) -> Result<Json<CustomersFound>, Problem> {
    let (act, programme) = (call.unkept(), app.programme.clone());
    let by = match (body.phone, body.email, body.name) {
        (Some(text), None, None) => FindBy::Phone(text),
        (None, Some(text), None) => FindBy::Email(text),
        (None, None, Some(text)) => FindBy::Name(text),
        _ => {
            let detail = "say a phone, an e-mail or a name, one of them";
            return Err(Problem::invalid(vec![Fault::new("/phone", "missing", detail)]));
        }
    };
    let found = app.pool.run(move || Ok(programme.find_customers(&act, &by)?)).await?;
    Ok(Json(CustomersFound { customers: found.into_iter().map(CustomerFound::from).collect() }))
}

/// A customer with his answers and consents. That he was read is told in the audit.
#[utoipa::path(
    get,
    path = "/api/v1/customers/{id}",
    tag = "customers",
    params(("id" = String, Path, description = "The customer's id", example = "c5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b")),
    responses((status = 200, description = "The customer", body = Customer))
)]
pub async fn customer(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
) -> Result<Tagged<Json<Customer>>, Problem> {
    let (act, programme) = (call.reading(), app.programme.clone());
    let view = app.pool.run(move || Ok(programme.customer(&act, &id)?)).await?;
    Ok(Tagged(ETag::of(view.version), Json(view.try_into()?)))
}

/// Changes answers of a customer, consents among them.
#[utoipa::path(
    patch,
    path = "/api/v1/customers/{id}/answers",
    tag = "customers",
    params(
        ("id" = String, Path, description = "The customer's id", example = "c5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b"),
        ("If-Match" = String, Header, description = "The version it is made from, as `ETag` told it", example = "\"1\"")
    ),
    request_body = AnswersToChange,
    responses((status = 200, description = "What was changed", body = ChangedAnswers))
)]
pub async fn change_answers(
    State(app): Shared,
    call: Call,
    if_match: IfMatch,
    Path(id): Path<String>,
    Body(body): Body<AnswersToChange>,
) -> Result<Tagged<Json<ChangedAnswers>>, Problem> {
    let act = call.writing(&body)?;
    let (version, means) = (if_match.version()?, means(&body.means)?);
    let answers = by_question(body.answers)?;
    let given = AnswersGiven { answers, means, complete: body.complete };
    let programme = app.programme.clone();
    let changed =
        app.pool.run(move || Ok(programme.change_answers(&act, &id, version, given)?)).await?;
    Ok(Tagged(ETag::of(changed.version), Json(changed.into())))
}

/// What became of a customer's answers, oldest first. That it was read is told in the audit.
#[utoipa::path(
    get,
    path = "/api/v1/customers/{id}/changes",
    tag = "customers",
    params(
        ("id" = String, Path, description = "The customer's id", example = "c5f0c6d2a9be14d7f8a3b0c1d2e3f4a5b"),
        Page
    ),
    responses((status = 200, description = "A page of changes", body = List<AnswerChange>))
)]
pub async fn changes(
    State(app): Shared,
    call: Call,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<List<AnswerChange>>, Problem> {
    let after: i64 = page.place()?.unwrap_or_default();
    let (act, most, programme) = (call.reading(), page.asked(), app.programme.clone());
    let rows = app.pool.run(move || Ok(programme.answer_changes(&act, &id, after, most)?)).await?;
    let rows = rows.into_iter().map(AnswerChange::try_from).collect::<Result<_, _>>()?;
    Ok(Json(List::of(rows, page.limit, |row: &AnswerChange| row.id)))
}

fn by_question(answers: OnceNamed) -> Result<BTreeMap<String, Value>, Problem> {
    match answers.0 {
        Value::Object(fields) => Ok(fields.into_iter().collect()),
        _ => {
            let detail = "must be an object: answers by the ids of their questions";
            Err(Problem::invalid(vec![Fault::new("/answers", "type", detail)]))
        }
    }
}

fn means(text: &str) -> Result<Means, Problem> {
    text.parse().map_err(|error: programme::UnknownName| {
        Problem::invalid(vec![Fault::new("/means", "value", error.to_string())])
    })
}

fn json(value: impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(value).map_err(Problem::internal)
}

impl TryFrom<FormView> for Form {
    type Error = Problem;

    fn try_from(view: FormView) -> Result<Self, Problem> {
        let FormView { network, version, questionnaire } = view;
        Ok(Self { network, version, questionnaire: json(questionnaire)? })
    }
}

impl From<Registered> for RegisteredCustomer {
    fn from(done: Registered) -> Self {
        let Registered { customer, network, card, form_version, missing, version } = done;
        Self { customer, network, card, form_version, missing, version }
    }
}

impl From<FoundCustomer> for CustomerFound {
    fn from(found: FoundCustomer) -> Self {
        let FoundCustomer { customer, network, registered_at, cards } = found;
        Self { customer, network, registered_at: rfc3339(registered_at), cards }
    }
}

impl TryFrom<CustomerView> for Customer {
    type Error = Problem;

    fn try_from(view: CustomerView) -> Result<Self, Problem> {
        Ok(Self {
            id: view.id,
            network: view.network,
            registered_at: rfc3339(view.registered_at),
            answers: json(view.answers)?,
            consents: view.consents.into_iter().map(Consent::from).collect(),
            form_version: view.form.version,
            missing: view.missing,
            complete_bps: view.complete_bps,
            changed_at: rfc3339(view.changed_at),
            version: view.version,
        })
    }
}

impl From<ConsentEvent> for Consent {
    fn from(event: ConsentEvent) -> Self {
        Self {
            purpose: event.purpose.to_string(),
            given: event.given,
            text_version: event.text_version,
            at: rfc3339(event.at),
            place: event.place,
            operator: event.operator,
            means: event.means.to_string(),
        }
    }
}

impl From<AnswersChanged> for ChangedAnswers {
    fn from(done: AnswersChanged) -> Self {
        let AnswersChanged { customer, changed, consents, missing, version } = done;
        Self { customer, changed, consents, missing, version }
    }
}

impl TryFrom<ChangeView> for AnswerChange {
    type Error = Problem;

    fn try_from(view: ChangeView) -> Result<Self, Problem> {
        Ok(Self {
            id: view.id,
            answers: json(view.answers)?,
            actor: view.actor,
            role: view.role,
            door: view.door,
            shop: view.shop,
            till: view.till,
            request: view.request,
            at: rfc3339(view.at),
        })
    }
}
