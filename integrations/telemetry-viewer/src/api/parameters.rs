//! The parameters of the requests, checked.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use telemetry_core::TraceId;

use super::failure::Failure;
use crate::search::Search;
use crate::source::Position;

const MAX_LIMIT: usize = 500;
const DEFAULT_LIMIT: usize = 100;
const MAX_SECONDS: u64 = 3_600;
const DEFAULT_SECONDS: u64 = 300;

/// The parameters of a request, each once and none unknown.
pub(super) struct Parameters(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|error| Failure::bad_request(&error))?;
        let mut parameters = HashMap::new();
        for (name, value) in pairs {
            if parameters.insert(name.clone(), value).is_some() {
                return Err(Failure::bad_request(&format_args!("{name:?} is given twice")));
            }
        }
        Ok(Self(parameters))
    }
}

impl Parameters {
    fn take<T>(
        &mut self,
        name: &str,
        accepted: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        let refused = || Failure::bad_request(&format_args!("{name} is {value:?}, expected {accepted}"));
        read(&value).map(Some).ok_or_else(refused)
    }

    fn number<T: FromStr + PartialOrd>(
        &mut self,
        name: &str,
        accepted: &str,
        range: &RangeInclusive<T>,
    ) -> Result<Option<T>, Failure> {
        self.take(name, accepted, |text| text.parse().ok().filter(|number| range.contains(number)))
    }

    fn finish(self, known: &str) -> Result<(), Failure> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => {
                Err(Failure::bad_request(&format_args!("there is no parameter {name:?}, expected {known}")))
            }
        }
    }
}

/// In which order traces are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Recent,
    Errors,
    Slowest,
}

/// What to list.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) search: Search,
    pub(super) order: Order,
    pub(super) limit: usize,
    pub(super) before: Option<Position>,
}

impl Listing {
    pub(super) fn of(mut parameters: Parameters) -> Result<Self, Failure> {
        let search = match parameters.0.remove("q") {
            Some(line) => line.parse().map_err(|error| Failure::bad_request(&error))?,
            None => Search::default(),
        };
        let order = parameters.take("order", "recent, errors or slowest", |word| match word {
            "recent" => Some(Order::Recent),
            "errors" => Some(Order::Errors),
            "slowest" => Some(Order::Slowest),
            _ => None,
        })?;
        let limit = parameters.number("limit", "a number from 1 to 500", &(1..=MAX_LIMIT))?;
        let before = parameters.take("before", "what the answer before said", Position::read)?;
        parameters.finish("q, order, limit or before")?;
        Ok(Self {
            search,
            order: order.unwrap_or(Order::Recent),
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            before,
        })
    }
}

/// How many seconds of metrics to show.
pub(super) fn seconds(mut parameters: Parameters) -> Result<u64, Failure> {
    let seconds = parameters.number("seconds", "a number from 10 to 3600", &(10..=MAX_SECONDS))?;
    parameters.finish("seconds")?;
    Ok(seconds.unwrap_or(DEFAULT_SECONDS))
}

pub(super) fn trace_id(text: &str) -> Result<TraceId, Failure> {
    let hexadecimal = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = hexadecimal.then(|| u128::from_str_radix(text, 16).ok().and_then(TraceId::new)).flatten();
    id.ok_or_else(|| {
        Failure::bad_request(&format_args!(
            "{text:?} is no trace, expected 32 hexadecimal digits, not all zero"
        ))
    })
}

impl Position {
    fn read(text: &str) -> Option<Self> {
        let (start, tie) = text.split_once('-')?;
        Some(Self { start_unix_nanos: start.parse().ok()?, tie: tie.parse().ok()? })
    }

    pub(super) fn text(self) -> String {
        format!("{}-{}", self.start_unix_nanos, self.tie)
    }
}
