//! The macros of `telemetry-core`, which re-exports them: use them from there.
//!
//! A macro converts its tokens and delegates. Behind it stand three stages, each a file: *parse* reads what is written
//! and keeps every position, *model* makes of it a type that cannot be invalid and notes every mistake, *expand* turns
//! the model into tokens.
#![forbid(unsafe_code)]

use proc_macro::TokenStream;

mod label;
mod metric;
mod mistakes;
mod site;
mod step;
mod tail;
mod trace;

/// Makes each call of a function a span, named by the function's path.
///
/// The span is a child of the span that is current when the function is called, or, for an `async fn`, when its future
/// is first polled; it ends when the function has returned and its arguments are dropped. An `Err` that is returned
/// marks it as failed, a panic too. While telemetry is off, a call costs one load and a branch, and no attribute is
/// evaluated; so before it has started. Where the ring is full the function runs without a span, which is counted.
///
/// | argument | meaning |
/// |---|---|
/// | `name = "…"`, `name = CONSTANT` | the name; else the whole path, `shop::books::load` |
/// | `type = Name` | names a method `Name::function`; an attribute sees nothing of the `impl` around it |
/// | `attrs(…)` | what is recorded, see below; nothing else of the function's arguments is |
/// | `kind = server` | the role: `internal` (default), `server`, `client`, `producer`, `consumer` |
/// | `level = debug` | how much it matters: `error`, `warn`, `info` (default), `debug`, `trace`; a `Filter` goes by it |
/// | `root` | the span begins a trace of its own |
/// | `parent = expression` | the span it is a child of: anything that is `AsSpanContext`, such as `SpanContext`, `Context` or `Option<SpanContext>`; none leaves the current span |
/// | `links = expression` | other spans it refers to: anything to iterate over that yields `AsSpanContext`, such as `[first, second]` |
/// | `sample = always` | decides on the traces that begin here, instead of the pipeline's sampler: `always`, `never`, a ratio from 0 to 1, or the path of a `static` that is a `Sampler`; a child goes with its trace, see below |
/// | `err = off` | an `Err` that is returned is not looked at |
/// | `err = function` | the error's message is what `function(&error)` returns, anything that is `Display` |
/// | `ret`, `ret = display`, `ret = debug` | what is returned, or what an `Ok` holds, is recorded as the attribute `return`: by its type, or as `Display` or `Debug` shows it |
/// | `ret = function` | the same of what `function(&value)` returns |
/// | `bind = name` | the span's handle, under this name in the body |
/// | `timing` | for futures: `poll_count`, `busy_ns` and `idle_ns` are recorded, see `TimedSpan` |
/// | `metrics` | each call is counted and timed, recorded or not, see below |
/// | `async = true` | the function returns a boxed future, though its type does not say so; `async = false`: a future that is returned is not looked at |
/// | `skip` | in a traced block: no span for this one |
/// | `crate = path` | where `telemetry-core` is found, if it goes by another name |
///
/// Attributes are evaluated only when the span records, a parent and links while telemetry is on, before the span opens;
/// all are type-checked always:
///
/// | in `attrs(…)` | records |
/// |---|---|
/// | `key = expression` | a number, a boolean, text or bytes by its type (`AttributeValue`); a literal costs nothing |
/// | `key = %expression`, `key = ?expression` | what `Display` or `Debug` shows |
/// | `variable`, `%variable`, `?variable`, `user.id` | the variable or field under its own name |
/// | `book.id = …`, `"any key" = …` | the same under a dotted or a quoted key |
/// | `rows: i64` | declares an attribute for the body to set: `span.rows(n)` with `bind = span`; one of `bool`, `i64`, `u64`, `f64`, `str`, `bytes` |
/// | `rows: Option<i64>` | the same, where there may be no value: `None` records nothing |
///
/// A span holds 128 bytes of attributes. Constant ones take none; the others two and their value: up to eight for a
/// number, one more than its length for text and bytes. Attributes that cannot fit are an error: declared numbers,
/// literals and the 45 bytes of `timing` count in full, text of run time as if it were empty, and what is inferred
/// without its value.
///
/// # Examples
/// ```
/// use telemetry_core::testing::Scope;
/// use telemetry_core::trace;
///
/// #[trace(name = "books.load", kind = client, attrs(book.id = id, db.system = "sqlite", rows: i64), bind = span)]
/// fn load(id: i64) -> Result<String, std::num::ParseIntError> {
///     let year: i64 = "1984".parse()?;
///     span.rows(1);
///     Ok(format!("book {id} of {year}"))
/// }
///
/// let scope = Scope::new();
/// load(7).unwrap();
/// assert_eq!(
///     scope.tree(),
///     "books.load [client] db.system=\"sqlite\" book.id=7 rows=1\n",
/// );
/// ```
///
/// # Whole blocks
/// On an `impl` block, a trait or an inline module it traces every function with a body inside, methods as
/// `Type::method` (those of a blanket impl as `Trait::method`). The arguments hold for each of them; an attribute of
/// `attrs(…)` that names `self` only where there is one, `err = function` where a type named `…Result` is returned.
/// `#[trace(…)]` or `#[span(…)]` on one inside says otherwise, and `#[trace(skip)]` leaves it out. A `const fn` is left
/// out by itself.
/// ```
/// use telemetry_core::testing::Scope;
/// use telemetry_core::trace;
/// struct Shelf(Vec<&'static str>);
///
/// #[trace(attrs(books = self.0.len()))]
/// impl Shelf {
///     const fn new() -> Self {
///         Self(Vec::new())
///     }
///
///     fn add(&mut self, title: &'static str) {
///         self.0.push(title);
///     }
///
///     #[trace(kind = client, attrs(title))]
///     fn lend(&mut self, title: &str) -> Option<&'static str> {
///         let place = self.0.iter().position(|own| *own == title)?;
///         Some(self.0.remove(place))
///     }
///
///     #[trace(skip)]
///     fn len(&self) -> usize {
///         self.0.len()
///     }
/// }
///
/// let scope = Scope::new();
/// let mut shelf = Shelf::new();
/// shelf.add("Emma");
/// assert_eq!((shelf.lend("Emma"), shelf.len()), (Some("Emma"), 0));
/// assert_eq!(scope.tree(), "Shelf::add books=0\nShelf::lend [client] books=1 title=\"Emma\"\n");
/// ```
///
/// A condition is looked at, too: `#[cfg_attr(test, trace(skip))]`.
///
/// # Metrics of the calls
/// With `metrics` a function has rate, errors and duration on the metrics page, without an instrument of its own. All
/// functions share two metrics, each under its span's name:
///
/// | metric | is |
/// |---|---|
/// | `function_calls_total{span_name, outcome}` | a counter of calls that have ended: `ok`, `error`, `panic` or `cancelled` |
/// | `function_duration_seconds{span_name}` | a histogram of how long they took, by 16 buckets from 100 µs to 10 s |
///
/// What counts as an error is what marks the span as failed: with `err = off` there is none. A future counts from its
/// first poll, as its span does, and one that is never polled is no call. Every function shows at zero before its first
/// call; those whose spans have one name are counted together, and beyond 2,000 names the rest is. Neither sampling nor
/// a filter changes the count. The span's name as the label `span_name` is what the span metrics connector of the
/// OpenTelemetry collector has, too; that one sees sampled spans only.
///
/// A call costs two readings of the clock and two updates of instruments, and while telemetry is off some twenty
/// instructions; `benches/instructions.txt` counts them. Where the feature `off` builds spans out, these metrics are
/// built out with them. Where other labels or buckets are wanted, declare a `metric!`.
/// ```
/// use telemetry_core::testing::Scope;
/// use telemetry_core::trace;
///
/// #[trace(name = "books.find", metrics)]
/// fn find(id: u32) -> Result<u32, String> {
///     if id == 0 { Err(String::from("no such book")) } else { Ok(id) }
/// }
///
/// let scope = Scope::new();
/// let _ = (find(0), find(1), find(2));
/// let metrics = scope.metrics();
/// let text = metrics.text();
/// assert!(text.contains("function_calls_total{span_name=\"books.find\",outcome=\"ok\"} 2"));
/// assert!(text.contains("function_calls_total{span_name=\"books.find\",outcome=\"error\"} 1"));
/// assert!(text.contains("function_duration_seconds_count{span_name=\"books.find\"} 3"));
/// ```
///
/// # Sampling
/// `sample` is asked where a trace begins: where nothing is current, with `root`, or where the parent's decision is not
/// known. Inside of a trace it says nothing, since a trace is recorded whole or not at all: a child that is recorded
/// without its parents hangs in the air, and one that is left out tears its children off. To leave single functions out
/// of traces give them a `level` and set a `Filter`: their children go on to the nearest ancestor.
///
/// # What it takes
/// Functions and methods with a body, async or not, generic or not. A `const fn` is refused, and so is a method without
/// a body. An argument behind `_`, `ref` or `..` is dropped just after the span has ended.
///
/// A `#[track_caller]` function stays where it is, since a closure around its body would be the caller that the body
/// sees: its `return` and `?` leave a block with a label, which gives the same values, errors and conversions. Those
/// inside the arguments of a macro, as in `println!("{}", read()?)` or `bail!(…)`, cannot be reached there; what they
/// return is not recorded, and everything else is. Its arguments are dropped just after the span has ended.
///
/// A function that returns a future, by `impl Future`, `Pin<Box<dyn Future>>` or `BoxFuture`, is traced as that future.
/// Where it ends in `async { … }` or `Box::pin(async { … })`, as `async_trait` writes it, and returns no other, the span
/// opens at the first poll, and attributes are evaluated there. Otherwise it opens at the call, covers the body too, and
/// costs another box where the type is not `impl Future`.
/// ```
/// use std::pin::Pin;
/// use telemetry_core::testing::Scope;
/// use telemetry_core::trace;
///
/// type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;
///
/// #[trace(name = "cache.get", async = true, attrs(key), ret)]
/// fn get(key: u64) -> Later<Option<u64>> {
///     if key == 0 {
///         return Box::pin(std::future::ready(None));
///     }
///     Box::pin(async move { Some(key * 2) })
/// }
///
/// let scope = Scope::new();
/// let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// assert!(get(7).as_mut().poll(&mut context).is_ready());
/// assert!(get(0).as_mut().poll(&mut context).is_ready());
/// assert_eq!(scope.tree(), "cache.get key=7 return=14\ncache.get key=0\n");
/// ```
///
/// # What it expands to
/// The function as it was written, its body behind a call site and a guard:
/// ```text
/// fn load(id: i64) -> Result<Book, StoreError> {
///     static SITE: CallSite = CallSite::new(Site { name: "load", keys: &["id"], … });
///     let mut span = open(&SITE);
///     if span.is_recording() {
///         span.attribute(0, &id);
///     }
///     call(&mut span, &outcome, move || -> Result<Book, StoreError> { … })
/// }
/// ```
/// An `async fn` awaits its body in a future that enters the span at each poll. Where nothing can be an error and no
/// argument has to be dropped within the span, the body stands as it is.
#[proc_macro_attribute]
pub fn trace(arguments: TokenStream, item: TokenStream) -> TokenStream {
    trace::attribute(trace::Macro::Trace, arguments.into(), item.into()).into()
}

/// Makes each call of a function a span, named by the function alone.
///
/// Takes the arguments of [`macro@trace`], `type` excepted, and does the same.
///
/// # Examples
/// ```
/// use telemetry_core::span;
/// use telemetry_core::testing::Scope;
///
/// #[span(attrs(id, title = ?title.trim()))]
/// async fn rename(id: u64, title: &str) -> Result<(), &'static str> {
///     if id == 0 { Err("no such book") } else { Ok(()) }
/// }
///
/// let scope = Scope::new();
/// let future = std::pin::pin!(rename(7, " Emma "));
/// let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// assert!(future.poll(&mut context).is_ready());
/// assert_eq!(scope.tree(), "rename id=7 title=\"\\\"Emma\\\"\"\n");
/// ```
#[proc_macro_attribute]
pub fn span(arguments: TokenStream, item: TokenStream) -> TokenStream {
    trace::attribute(trace::Macro::Span, arguments.into(), item.into()).into()
}

/// Opens a child of the current span in the middle of a function.
///
/// | form | what it is |
/// |---|---|
/// | `step!("name")` | a guard: the span ends when it is dropped, so bind it: `let _step = step!("name");` |
/// | `step!("name", key = expression, …)` | the same with attributes, written as in [`macro@trace`]'s `attrs(…)` |
/// | `step!("name", … => future)` | a future that runs `future`, an `async` block say, inside the span; an `Err` it yields marks the span |
/// | `step!("name", … => closure)` | the closure, each call of which is a span; `async` ones too, and those that return an `async` block |
/// | `step!(level = debug, "name", …)` | the same with a level; `sample`, `timing` and `crate`, too, stand before the name and mean what they do in [`macro@trace`] |
///
/// The name is a string literal or the path of a `const`. The guard stays on its thread: the compiler refuses to hold
/// it across an `.await` in a task that may move, where the form with `=>` is meant. With a future, that form opens its
/// span where it stands, whenever the future is polled. With a closure, a span opens at each call, or, where the call
/// makes a future, when that is first polled; the attributes are evaluated there and may name the closure's arguments.
/// Where the compiler cannot tell what a closure returns, write it: `|…| -> Result<Book, Error> { … }`.
///
/// # Examples
/// ```
/// use telemetry_core::testing::Scope;
/// use telemetry_core::{span, step};
///
/// #[span]
/// fn page(rows: &[u32]) -> usize {
///     let _step = step!("render", rows = rows.len());
///     rows.len() * 80
/// }
///
/// let scope = Scope::new();
/// page(&[1, 2, 3]);
/// assert_eq!(scope.tree(), "page\n  render rows=3\n");
/// ```
///
/// A closure, each call of which is a span:
/// ```
/// # use telemetry_core::testing::Scope;
/// # use telemetry_core::step;
/// # let scope = Scope::new();
/// let parse = step!("parse", text => |text: &str| text.parse::<u32>());
/// let years: Vec<u32> = ["1811", "1813"].into_iter().filter_map(|text| parse(text).ok()).collect();
/// assert_eq!(years, [1811, 1813]);
/// assert_eq!(scope.tree(), "parse text=\"1811\"\nparse text=\"1813\"\n");
/// ```
#[proc_macro]
pub fn step(tokens: TokenStream) -> TokenStream {
    step::step(tokens.into()).into()
}

/// Declares instruments as statics: counters, gauges and histograms, with their names, labels and buckets checked.
///
/// Each declaration is `static NAME: Type = "exposed_name" { labels }, key = value;`, where the labels and the keys may
/// be left out, with a doc comment that becomes the HELP text (its first paragraph).
///
/// | part | means |
/// |---|---|
/// | `Type` | `Counter`, `Gauge` or `Histogram` |
/// | name | letters, digits, `_`, `:`; a counter ends in `_total`, a gauge does not; `telemetry_…` is the framework's own; also a constant |
/// | `{ label: Type, … }` | `str` for free text (a limited number of series), or a type with `#[derive(Label)]` |
/// | `unit = "seconds"` | the end of the name (before `_total`); base units are recognised without it |
/// | `buckets = [0.1, 0.5]` | upper bounds of a histogram, finite and strictly increasing; also a constant or a call of a `const fn`; request durations in seconds by default |
/// | `limit = 500` | the largest number of series of a metric with labels, 1 to 100,000; 1,000 by default |
/// | `crate = path;` | before the first declaration: where `telemetry_core` is found |
///
/// Every instrument shows on the first scrape, at zero. Updates made before telemetry is started, or while it is
/// disabled, do nothing and are not made up for: a counter counts from the start on.
///
/// For labels the macro also makes a struct named after the static
/// (`LOOKUPS`: `LookupsLabels`), so that arity, order and types are checked by the compiler.
///
/// The series of enum and `bool` labels show at zero, too, where there are at most 64 combinations, others once used. Label
/// sets beyond the limit share one series, every label `_other` and `otel_metric_overflow="true"` beside them: nothing is
/// lost. Two declarations that clash in the exposition are reported at the start, and the first counts.
///
/// # Examples
/// ```
/// use telemetry_core::testing::Scope;
/// use telemetry_core::testing::assertions::Assertions;
/// use telemetry_core::{Label, metric};
///
/// #[derive(Clone, Copy, Label)]
/// enum Outcome {
///     Hit,
///     Miss,
/// }
///
/// metric! {
///     /// Books looked up, by outcome.
///     pub static LOOKUPS: Counter = "docs_lookups_total" { outcome: Outcome };
///
///     /// Books on the shelves.
///     static SHELVED: Gauge = "docs_shelved_books";
///
///     /// Bytes sent, by tenant.
///     static SENT: Histogram = "docs_sent_bytes" { tenant: str }, buckets = [1e3, 1e6], limit = 50;
/// }
///
/// let scope = Scope::new();
/// LOOKUPS.with(Outcome::Hit).inc();
/// LOOKUPS.with(LookupsLabels { outcome: Outcome::Hit }).add(2);
/// SHELVED.set(120.0);
/// SENT.with("north").observe(512.0);
/// scope.assert_metric_value("docs_lookups_total", &[("outcome", "hit")], 3);
/// scope.assert_metric_value("docs_lookups_total", &[("outcome", "miss")], 0);
/// scope.assert_metric_value("docs_sent_bytes_count", &[("tenant", "north")], 1);
/// ```
#[proc_macro]
pub fn metric(input: TokenStream) -> TokenStream {
    metric::metric(input.into()).into()
}

/// Makes an enum without fields a label, with a value for each variant: its name in `snake_case`.
///
/// | attribute | on | means |
/// |---|---|---|
/// | `#[label(rename = "…")]` | a variant | this value |
/// | `#[label(rename_all = "…")]` | the enum | `snake_case`, `kebab-case`, `SCREAMING_SNAKE_CASE`, `lowercase`, `UPPERCASE`, `camelCase` or `PascalCase` |
/// | `#[label(crate = path)]` | the enum | where `telemetry_core` is found |
///
/// # Examples
/// ```
/// use telemetry_core::metric::Label as _;
/// use telemetry_core::Label;
///
/// #[derive(Clone, Copy, Label)]
/// #[label(rename_all = "kebab-case")]
/// enum Backend {
///     InMemory,
///     #[label(rename = "sqlite")]
///     Database,
/// }
///
/// assert_eq!(Backend::VALUES, ["in-memory", "sqlite"]);
/// assert_eq!(Backend::Database.index(), 1);
/// ```
#[proc_macro_derive(Label, attributes(label))]
pub fn derive_label(input: TokenStream) -> TokenStream {
    label::derive(input.into()).into()
}
