//! Reading fields so that every one that is wrong is named, and not only the first.

use std::fmt::Display;

use crate::{
    problem::{FieldProblem, Problem},
    schema::QueryNumber,
};

/// What is wrong with the fields of a body.
#[derive(Default)]
pub(crate) struct Fields(Vec<FieldProblem>);

impl Fields {
    /// Takes a field's value, or notes down what is wrong with it.
    pub(crate) fn take<T, E: Display>(&mut self, name: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|wrong| self.0.push(FieldProblem::new(name, &wrong)))
            .ok()
    }

    /// The same for a field that may be left out.
    pub(crate) fn optional<T, U, E: Display>(
        &mut self,
        name: &str,
        given: Option<U>,
        parse: impl FnOnce(U) -> Result<T, E>,
    ) -> Option<T> {
        given.and_then(|given| self.take(name, parse(given)))
    }

    /// Puts the fields together, if all of them are right.
    pub(crate) fn done<T>(self, put_together: impl FnOnce() -> Option<T>) -> Result<T, Problem> {
        let whole = if self.0.is_empty() { put_together() } else { None };
        whole.ok_or_else(|| Problem::invalid(self.0))
    }
}

/// A query, read by name. Parameters that are not asked for are ignored.
pub(crate) struct Query<'a> {
    query: &'a str,
    wrong: Vec<FieldProblem>,
}

impl<'a> Query<'a> {
    pub(crate) const fn new(query: &'a str) -> Self {
        Self {
            query,
            wrong: Vec::new(),
        }
    }

    /// The number, if it is given; what is no number of its range is noted as wrong.
    pub(crate) fn number(&mut self, wanted: &QueryNumber) -> Option<u64> {
        let QueryNumber {
            name, least, most, ..
        } = *wanted;
        let mut values = self.query.split('&').filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then_some(value)
        });
        let value = values.next()?;
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        let number = value
            .parse()
            .ok()
            .filter(|n| digits && (least..=most).contains(n));
        if number.is_none() || values.next().is_some() {
            self.wrong(name, &format!("must be one whole number from {least} to {most}"));
            return None;
        }
        number
    }

    /// Notes down what is wrong with a parameter.
    pub(crate) fn wrong(&mut self, name: &str, message: &str) {
        self.wrong.push(FieldProblem::new(name, message));
    }

    /// Whether everything was right.
    pub(crate) fn done(self) -> Result<(), Problem> {
        if self.wrong.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.wrong))
        }
    }
}
