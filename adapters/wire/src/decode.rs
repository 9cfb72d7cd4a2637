//! Reading JSON that strangers send, so that a mistake names its field.

use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::problem::{FieldProblem, Problem};

/// Reads a JSON object. Unknown fields are skipped, however deep they are.
///
/// # Errors
/// `bad_request` for what is no JSON object, `invalid` for a field that is missing or has another type.
pub fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.iter().find(|b| !b.is_ascii_whitespace()) != Some(&b'{') {
        return Err(Problem::bad_request("A JSON object is expected."));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| problem(&error))?;
    let rest = reader
        .end()
        .map_err(|_| Problem::bad_request("There is something after the JSON object."));
    rest.map(|()| value)
}

fn problem(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let cause = error.inner();
    match cause.classify() {
        Category::Data => Problem::invalid(vec![field(&error.path().to_string(), &cause.to_string())]),
        Category::Syntax | Category::Eof | Category::Io => Problem::bad_request(format!(
            "This is no JSON: line {}, column {}.",
            cause.line(),
            cause.column()
        )),
    }
}

/// serde tells a missing field in words only: "missing field `name` at line 1 column 2".
fn field(path: &str, cause: &str) -> FieldProblem {
    let words = cause.split(" at line ").next().unwrap_or(cause);
    let missing = words
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    let inside = |name: &str| {
        if path == "." {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match missing {
        Some(name) => FieldProblem::new(inside(name), &"is missing"),
        None => FieldProblem::new(path, &format!("is not right: {words}")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Body {
        #[expect(dead_code, reason = "only read")]
        name: String,
        #[expect(dead_code, reason = "only read")]
        count: Option<u64>,
    }

    fn fails(json: &str) -> (u16, Vec<String>) {
        let problem = object::<Body>(json.as_bytes()).unwrap_err();
        (
            problem.status,
            problem.fields.iter().map(|f| f.field.clone()).collect(),
        )
    }

    #[test]
    fn a_mistake_names_its_field() {
        assert!(object::<Body>(br#" {"name":"x","other":[1,{}]}"#).is_ok());
        assert_eq!(fails(r#"{"count":1}"#), (422, vec!["name".into()]));
        assert_eq!(fails(r#"{"name":7}"#), (422, vec!["name".into()]));
        assert_eq!(fails(r#"{"name":"x","count":"7"}"#), (422, vec!["count".into()]));
        assert_eq!(fails(r#"{"name":"x","count":-7}"#), (422, vec!["count".into()]));
        assert_eq!(fails(r#"{"name":"x","count":1e999999}"#).0, 400);
    }

    #[test]
    fn what_is_no_object_is_a_bad_request() {
        for bad in [
            "",
            "   ",
            "null",
            "[]",
            "\"x\"",
            "{",
            "{\"name\":\"x\"",
            "{\"name\":\"x\"} {}",
            "{\"name\":\"\u{1}\"}",
        ] {
            assert_eq!(fails(bad).0, 400, "{bad:?}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let nested = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        let unknown = format!("{{\"name\":\"x\",\"deep\":{nested}}}");
        assert!(
            object::<Body>(unknown.as_bytes()).is_ok(),
            "an unknown field is skipped"
        );
        assert_eq!(fails(&format!("{{\"name\":{nested}}}")).0, 422);
    }

    #[test]
    fn a_lone_surrogate_is_no_text() {
        assert_eq!(fails(r#"{"name":"\ud800"}"#).0, 400);
    }
}
