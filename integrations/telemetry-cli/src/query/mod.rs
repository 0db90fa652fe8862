//! `telemetry query`: the ready queries.

mod table;

use std::io::{self, Write};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};
use serde_json::{Map, Value as Json};
use telemetry_sqlite::{QUERIES, Query as Ready};

use crate::args::Query;
use crate::failure::Failure;
use table::{Cell, Table};

/// Lists the queries, or asks one.
pub(crate) fn query(args: &Query) -> Result<(), Failure> {
    // Also for the list: a file that is none of ours has no queries.
    let connection = telemetry_sqlite::read_only(&args.file)?;
    let Some(name) = &args.name else { return list() };
    let ready = QUERIES.iter().find(|query| query.name == name.as_str()).ok_or_else(|| {
        let known: Vec<_> = QUERIES.iter().map(|query| query.name).collect();
        Failure::UnknownQuery { given: name.clone(), known: known.join(", ") }
    })?;
    let mut statement = prepared(&connection, ready, args.value.as_deref())?;
    if args.json { lines(&mut statement) } else { rows(&mut statement) }
}

fn list() -> Result<(), Failure> {
    let mut table = Table::new(["query", "answers"].map(str::to_owned).to_vec());
    for query in QUERIES {
        // The text begins with a comment that says what it answers.
        let comment = query.sql.lines().map_while(|line| line.strip_prefix("-- "));
        let about = comment.collect::<Vec<_>>().join(" ");
        table.push(vec![Cell::Text(query.name.to_owned()), Cell::Text(about)]);
    }
    table.print()?;
    Ok(())
}

/// A query with its parameter, where it has one.
fn prepared<'c>(
    connection: &'c Connection,
    ready: &Ready,
    value: Option<&str>,
) -> Result<Statement<'c>, Failure> {
    let mut statement = connection.prepare(ready.sql)?;
    let parameter = statement.parameter_name(1).map(str::to_owned);
    match (parameter, value) {
        (Some(_), Some(value)) => statement.raw_bind_parameter(1, value)?,
        (Some(parameter), None) => {
            let parameter = parameter.trim_start_matches(':').to_uppercase();
            return Err(Failure::NoParameter { query: ready.name, parameter });
        }
        (None, Some(given)) => {
            return Err(Failure::NoSuchParameter { query: ready.name, given: given.to_owned() });
        }
        (None, None) => {}
    }
    Ok(statement)
}

fn rows(statement: &mut Statement<'_>) -> Result<(), Failure> {
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let columns = names.len();
    let mut table = Table::new(names);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        table.push((0..columns).map(|column| cell(row, column)).collect::<rusqlite::Result<_>>()?);
    }
    if table.is_empty() {
        writeln!(io::stdout(), "nothing was found")?;
        return Ok(());
    }
    table.print()?;
    Ok(())
}

fn cell(row: &Row<'_>, column: usize) -> rusqlite::Result<Cell> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Cell::Text(String::new()),
        ValueRef::Integer(number) => Cell::Number(number.to_string()),
        ValueRef::Real(number) => Cell::Number(number.to_string()),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Text(format!("{} bytes", bytes.len())),
    })
}

/// One JSON object a row.
fn lines(statement: &mut Statement<'_>) -> Result<(), Failure> {
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let mut object = Map::new();
        for (column, name) in names.iter().enumerate() {
            let value = match row.get_ref(column)? {
                ValueRef::Null => Json::Null,
                ValueRef::Integer(number) => number.into(),
                ValueRef::Real(number) => number.into(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
                ValueRef::Blob(bytes) => bytes.len().into(),
            };
            object.insert(name.clone(), value);
        }
        writeln!(out, "{}", Json::Object(object))?;
    }
    out.flush()?;
    Ok(())
}
