//! Problems: the one shape in which every transport says no (RFC 9457, with the fields of the reference
//! document beside it).

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use chat_app::Error;
use chat_domain::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// What went wrong, for people and for programs. Behind a pointer, because it travels as an error through
/// functions that mostly succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Details>);

impl Deref for Problem {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

/// The members of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Details {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem, in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened here.
    pub detail: String,
    /// Always false: the reference document's way to tell an answer from a refusal.
    #[schema(value_type = schema::Failure)]
    pub success: bool,
    /// The same as `detail`, under the reference document's name.
    pub message: String,
    /// A stable name, for programs.
    pub code: &'static str,
    /// What is wrong with which field, for `invalid`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// Whole seconds until it is worth to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Why, in an administrator's words, for `banned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when, for `banned`; absent if without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Moment>)]
    pub until: Option<String>,
    /// The server's time, milliseconds since 1970, for `clock_skew`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// For `state_conflict`: the version of the state that is there; 0 if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// For `state_conflict`: the sealed state that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schema::Bytes>)]
    pub blob: Option<String>,
    /// The number under which an internal failure is in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// The cause of an internal failure, where the operator debugs (`APP_DEBUG`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug: Option<String>,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The field's name in the request.
    pub field: String,
    /// What is wrong with it, and what is allowed.
    pub message: String,
}

impl FieldProblem {
    /// Names a field and what is wrong with it.
    pub fn new(field: impl Into<String>, message: &(impl ToString + ?Sized)) -> Self {
        Self {
            field: field.into(),
            message: message.to_string(),
        }
    }
}

impl Problem {
    /// A problem that the transport itself finds.
    #[must_use]
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self(Box::new(Details {
            kind: format!("urn:secure-chat:problem:{code}"),
            title: title(status),
            status,
            message: detail.clone(),
            detail,
            success: false,
            code,
            fields: Vec::new(),
            retry_after: None,
            reason: None,
            until: None,
            time: None,
            version: None,
            blob: None,
            incident: None,
            debug: None,
        }))
    }

    /// Fields that are missing, of the wrong type, or against the rules.
    #[must_use]
    pub fn invalid(fields: Vec<FieldProblem>) -> Self {
        let named: Vec<String> = fields
            .iter()
            .map(|f| format!("{} {}.", f.field, f.message))
            .collect();
        let mut problem = Self::new(422, "invalid", named.join(" "));
        problem.fields = fields;
        problem
    }

    /// Something that is no JSON object at all.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(400, "bad_request", detail)
    }

    /// Not signed in.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::of(&Error::Refused(Refusal::Unauthenticated))
    }

    /// A use case's error.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        let mut problem = Self::new(status(error), error.code(), error.to_string());
        problem.retry_after = error.retry_after().map(whole_seconds);
        if let Error::Refused(Refusal::Banned { reason, until }) = error {
            problem.reason.clone_from(reason);
            problem.until = until.map(crate::time::rfc3339);
        }
        if let Error::Refused(Refusal::ClockSkew { now }) = error {
            problem.time = Some(now.millis());
        }
        if let Error::Refused(Refusal::StateConflict { kept }) = error {
            problem.version = Some(kept.version);
            problem.blob = Some(crate::keyed::base64url(&kept.sealed));
        }
        problem
    }
}

/// Rounded up: who waits so long has waited long enough.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

const fn status(error: &Error) -> u16 {
    match error {
        Error::Refused(refusal) => refusal_status(refusal),
        Error::Busy => 503,
        Error::StorageFull => 507,
        Error::Internal(_) => 500,
    }
}

const fn refusal_status(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::KeyedAccount
        | Refusal::Malformed
        | Refusal::UnsupportedSuite
        | Refusal::BadSignature
        | Refusal::WeakKey
        | Refusal::ClockSkew { .. } => 400,
        Refusal::Unauthenticated | Refusal::InvalidCredentials | Refusal::DeadLink => 401,
        Refusal::Banned { .. }
        | Refusal::Forbidden
        | Refusal::InsufficientScope(_)
        | Refusal::NeedsIdentity
        | Refusal::RegistrationClosed => 403,
        Refusal::NotFound | Refusal::UnknownTarget => 404,
        Refusal::UsernameTaken
        | Refusal::ClientIdConflict { .. }
        | Refusal::RoomIsE2ee
        | Refusal::RoomIsPlain
        | Refusal::NoPlainRoom
        | Refusal::AlreadyMember
        | Refusal::TooManyRooms
        | Refusal::TooManyReactions
        | Refusal::TooManyTokens
        | Refusal::LastAdmin
        | Refusal::IdentityConflict
        | Refusal::StateConflict { .. }
        | Refusal::BasicAccount
        | Refusal::Oneself => 409,
        Refusal::TooLarge { .. } => 413,
        Refusal::RateLimited { .. } => 429,
    }
}

const fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad request",
        401 => "Not signed in",
        403 => "Not allowed",
        404 => "Not found",
        405 => "Method not allowed",
        409 => "Conflict",
        413 => "Too large",
        415 => "Unsupported media type",
        421 => "Wrong host",
        422 => "Invalid fields",
        426 => "Upgrade required",
        429 => "Too many requests",
        431 => "Headers too large",
        503 => "Busy",
        507 => "Storage full",
        _ => "Internal error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internals_are_not_told() {
        let problem = Problem::of(&Error::Internal("SELECT secret FROM table".into()));
        let json = serde_json::to_string(&problem).unwrap();
        assert!(!json.contains("SELECT"), "{json}");
        assert_eq!((problem.status, problem.code), (500, "internal"));
    }

    #[test]
    fn waits_are_rounded_up_to_the_second() {
        let refusal = Refusal::RateLimited {
            retry_after: Duration::from_millis(1),
        };
        assert_eq!(Problem::of(&refusal.into()).retry_after, Some(1));
    }

    #[test]
    fn shape() {
        let problem = Problem::invalid(vec![FieldProblem::new(
            "username",
            "must have 3 to 50 characters",
        )]);
        insta::assert_json_snapshot!(problem, @r#"
        {
          "type": "urn:secure-chat:problem:invalid",
          "title": "Invalid fields",
          "status": 422,
          "detail": "username must have 3 to 50 characters.",
          "success": false,
          "message": "username must have 3 to 50 characters.",
          "code": "invalid",
          "fields": [
            {
              "field": "username",
              "message": "must have 3 to 50 characters"
            }
          ]
        }
        "#);
    }
}
