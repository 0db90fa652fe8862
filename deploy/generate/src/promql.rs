//! What an expression of Prometheus may ask: only what is declared.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{self, Call, Expr, LabelModifier, VectorSelector};

use crate::manifest::{Kind, Label, Manifest, Metric};

/// Labels that the scrape configuration puts on everything.
const TARGET_LABELS: [&str; 4] = ["service", "environment", "instance", "job"];
/// Functions over ranges that make sense of a total only.
const OF_TOTALS: [&str; 4] = ["rate", "irate", "increase", "resets"];
/// Functions over ranges that make no sense of a total.
const OF_VALUES: [&str; 5] = ["delta", "idelta", "deriv", "predict_linear", "holt_winters"];

/// What series there are: those a program declares, those Prometheus makes, and those that rules record.
pub(crate) struct Series<'a> {
    manifest: &'a Manifest,
    recorded: BTreeMap<String, BTreeSet<String>>,
}

/// A series of a name.
struct Known<'a> {
    labels: BTreeSet<String>,
    declared: &'a [Label],
    total: bool,
}

/// What is wrong with an expression.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0}")]
    Syntax(String),
    #[error("a selector without a metric's name can ask for anything")]
    Nameless,
    #[error("no metric `{0}` is declared")]
    Unknown(String),
    #[error("`{0}` is a histogram: ask for `{0}_bucket`, `{0}_sum` or `{0}_count`")]
    Histogram(String),
    #[error("`{metric}` has no label `{label}`")]
    NoLabel { metric: String, label: String },
    #[error("nothing has a label `{0}` that could be grouped by")]
    NoGroup(String),
    #[error("label `{label}` of `{metric}` never has the value `{value}`")]
    NoValue { metric: String, label: String, value: String },
    #[error("`{metric}` is a total: `{function}` is for values that go up and down")]
    Total { metric: String, function: String },
    #[error("`{0}` is a total: its rate or increase says something, its value does not")]
    Bare(String),
    #[error("`{metric}` is not a total, which `{function}` needs")]
    NotTotal { metric: String, function: String },
    #[error("`histogram_quantile` needs the label `le`")]
    NoBuckets,
}

impl<'a> Series<'a> {
    pub(crate) fn of(manifest: &'a Manifest) -> Self {
        Self { manifest, recorded: BTreeMap::new() }
    }

    /// Checks an expression, and adds the series that a rule records of it.
    pub(crate) fn record(&mut self, name: &str, expr: &str) -> Vec<Problem> {
        let (labels, problems) = self.read(expr);
        self.recorded.insert(name.to_owned(), labels);
        problems
    }

    /// Checks an expression.
    pub(crate) fn check(&self, expr: &str) -> Vec<Problem> {
        self.read(expr).1
    }

    /// The labels of what an expression gives, and what is wrong with it.
    fn read(&self, expr: &str) -> (BTreeSet<String>, Vec<Problem>) {
        // Grafana puts in the range and the interval.
        let expr = ["$__rate_interval", "$__interval", "$__range"]
            .iter()
            .fold(expr.to_owned(), |expr, variable| expr.replace(variable, "5m"));
        match parser::parse(&expr) {
            Ok(expr) => {
                let mut reading = Reading { series: self, problems: Vec::new() };
                let labels = reading.labels(&expr);
                (labels, reading.problems)
            }
            Err(error) => (BTreeSet::new(), vec![Problem::Syntax(error)]),
        }
    }

    /// Checks the selector of a series alone, as tests of rules feed them: totals may stand bare there.
    pub(crate) fn check_selector(&self, selector: &str) -> Vec<Problem> {
        let mut reading = Reading { series: self, problems: Vec::new() };
        match parser::parse(selector) {
            Ok(Expr::VectorSelector(selector)) => {
                reading.selector(&selector);
                reading.problems
            }
            Ok(_) => vec![Problem::Syntax("a selector of a series is expected".to_owned())],
            Err(error) => vec![Problem::Syntax(error)],
        }
    }

    fn known(&self, name: &str) -> Result<Known<'_>, Problem> {
        let targets = || TARGET_LABELS.map(str::to_owned).into_iter();
        if matches!(name, "up" | "scrape_duration_seconds" | "scrape_samples_scraped") {
            return Ok(Known { labels: targets().collect(), declared: &[], total: false });
        }
        if name == "ALERTS" {
            let own = ["alertname", "alertstate", "severity"].map(str::to_owned);
            return Ok(Known { labels: targets().chain(own).collect(), declared: &[], total: false });
        }
        if let Some(labels) = self.recorded.get(name) {
            return Ok(Known { labels: labels.clone(), declared: &[], total: false });
        }
        let (metric, part) = self.declared(name)?;
        let mut labels = metric.label_names();
        labels.extend(targets());
        if part == Some("_bucket") {
            labels.insert("le".to_owned());
        }
        Ok(Known { labels, declared: &metric.labels, total: metric.kind != Kind::Gauge })
    }

    /// The metric that exposes a name, and which part of a histogram it is.
    fn declared(&self, name: &str) -> Result<(&Metric, Option<&'static str>), Problem> {
        if let Some(metric) = self.manifest.metric(name) {
            return match metric.kind {
                Kind::Histogram => Err(Problem::Histogram(name.to_owned())),
                Kind::Counter | Kind::Gauge => Ok((metric, None)),
            };
        }
        ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|part| {
                let metric = self.manifest.metric(name.strip_suffix(part)?)?;
                (metric.kind == Kind::Histogram).then_some((metric, Some(part)))
            })
            .ok_or_else(|| Problem::Unknown(name.to_owned()))
    }
}

struct Reading<'a> {
    series: &'a Series<'a>,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    /// The labels of what an expression gives.
    fn labels(&mut self, expr: &Expr) -> BTreeSet<String> {
        match expr {
            Expr::Aggregate(aggregate) => {
                let labels = self.labels(&aggregate.expr);
                self.grouped(labels, aggregate.modifier.as_ref())
            }
            Expr::Unary(unary) => self.labels(&unary.expr),
            Expr::Binary(binary) => {
                let mut labels = self.labels(&binary.lhs);
                labels.extend(self.labels(&binary.rhs));
                let matching = binary.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
                if let Some(LabelModifier::Include(names) | LabelModifier::Exclude(names)) = matching {
                    self.need(&labels, &names.labels);
                }
                labels
            }
            Expr::Paren(paren) => self.labels(&paren.expr),
            Expr::Subquery(subquery) => self.labels(&subquery.expr),
            Expr::VectorSelector(selector) => {
                let known = self.selector(selector);
                if let (Some(Known { total: true, .. }), Some(name)) = (&known, &selector.name) {
                    self.problems.push(Problem::Bare(name.clone()));
                }
                known.map(|known| known.labels).unwrap_or_default()
            }
            Expr::MatrixSelector(matrix) => {
                self.selector(&matrix.vs).map(|known| known.labels).unwrap_or_default()
            }
            Expr::Call(call) => self.call(call),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => BTreeSet::new(),
        }
    }

    fn call(&mut self, call: &Call) -> BTreeSet<String> {
        let function = call.func.name;
        let mut labels = BTreeSet::new();
        for argument in &call.args.args {
            if let Expr::MatrixSelector(matrix) = &**argument {
                self.fits(function, &matrix.vs);
            }
            labels.extend(self.labels(argument));
        }
        if function == "histogram_quantile" && !labels.remove("le") {
            self.problems.push(Problem::NoBuckets);
        }
        labels
    }

    /// Whether a function over a range fits the type of what it is given.
    fn fits(&mut self, function: &str, selector: &VectorSelector) {
        let Some(metric) = &selector.name else { return };
        let Ok(known) = self.series.known(metric) else { return };
        let (metric, function) = (metric.clone(), function.to_owned());
        if OF_TOTALS.contains(&&*function) && !known.total {
            self.problems.push(Problem::NotTotal { metric, function });
        } else if OF_VALUES.contains(&&*function) && known.total {
            self.problems.push(Problem::Total { metric, function });
        }
    }

    fn selector(&mut self, selector: &VectorSelector) -> Option<Known<'a>> {
        let Some(name) = &selector.name else {
            self.problems.push(Problem::Nameless);
            return None;
        };
        match self.series.known(name) {
            Ok(known) => {
                for matcher in &selector.matchers.matchers {
                    self.problems.extend(mismatch(name, &known, matcher));
                }
                Some(known)
            }
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    fn grouped(&mut self, labels: BTreeSet<String>, by: Option<&LabelModifier>) -> BTreeSet<String> {
        match by {
            None => BTreeSet::new(),
            Some(LabelModifier::Include(names)) => {
                self.need(&labels, &names.labels);
                names.labels.iter().cloned().collect()
            }
            Some(LabelModifier::Exclude(names)) => {
                self.need(&labels, &names.labels);
                labels.into_iter().filter(|label| !names.labels.contains(label)).collect()
            }
        }
    }

    fn need(&mut self, labels: &BTreeSet<String>, names: &[String]) {
        // Where the metric is unknown so are its labels; that is told already.
        if !labels.is_empty() {
            let missing = names.iter().filter(|name| !labels.contains(*name));
            self.problems.extend(missing.map(|name| Problem::NoGroup(name.clone())));
        }
    }
}

/// What is wrong with a matcher of a metric that is known.
fn mismatch(metric: &str, known: &Known<'_>, matcher: &Matcher) -> Option<Problem> {
    let (metric, label) = (metric.to_owned(), matcher.name.clone());
    if !known.labels.contains(&label) {
        return Some(Problem::NoLabel { metric, label });
    }
    let declared = known.declared.iter().find(|one| one.name == label)?;
    let values = declared.values.as_ref()?;
    // One of Grafana's variables has any value.
    let any = matcher.value.contains('$') || matches!(matcher.op, MatchOp::NotEqual | MatchOp::NotRe(_));
    let never = !any && !values.iter().any(|value| matcher.is_match(value));
    never.then(|| Problem::NoValue { metric, label, value: matcher.value.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::shop;

    fn said(expr: &str) -> Vec<String> {
        Series::of(&shop()).check(expr).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_declared_may_be_asked() {
        for expr in [
            "sum by (status) (rate(http_requests_total{service=~\"$service\"}[$__rate_interval]))",
            "histogram_quantile(0.99, sum by (le, method) (rate(http_request_duration_seconds_bucket[5m])))",
            "sum(rate(http_request_duration_seconds_sum[5m])) / sum(rate(http_request_duration_seconds_count[5m]))",
            "max by (instance) (shop_pool_in_use_connections / shop_pool_total_connections)",
            "rate(shop_rate_limit_hits_total{backend=~\"mem.*\"}[5m]) > 10",
            "up == 0",
            "max_over_time(shop_pool_waiters[5m])",
        ] {
            assert_eq!(said(expr), [""; 0], "{expr}");
        }
    }

    #[test]
    fn what_is_not_declared_is_told_by_name() {
        let problems = [
            ("rate(http_request_total[5m])", "no metric `http_request_total` is declared"),
            ("rate(shop_pool_waiters_count[5m])", "no metric `shop_pool_waiters_count` is declared"),
            ("rate(http_requests_total{code=\"500\"}[5m])", "`http_requests_total` has no label `code`"),
            (
                "sum by (code) (rate(http_requests_total[5m]))",
                "nothing has a label `code` that could be grouped by",
            ),
            (
                "rate(shop_rate_limit_hits_total{backend=\"redis\"}[5m])",
                "label `backend` of `shop_rate_limit_hits_total` never has the value `redis`",
            ),
            ("{service=\"shop\"}", "a selector without a metric's name can ask for anything"),
        ];
        for (expr, problem) in problems {
            assert_eq!(said(expr), [problem], "{expr}");
        }
    }

    #[test]
    fn what_does_not_fit_the_type_is_told() {
        let problems = [
            (
                "http_request_duration_seconds",
                "`http_request_duration_seconds` is a histogram: ask for `http_request_duration_seconds_bucket`, \
                 `http_request_duration_seconds_sum` or `http_request_duration_seconds_count`",
            ),
            ("rate(shop_pool_waiters[5m])", "`shop_pool_waiters` is not a total, which `rate` needs"),
            (
                "delta(http_requests_total[5m])",
                "`http_requests_total` is a total: `delta` is for values that go up and down",
            ),
            (
                "http_requests_total > 3",
                "`http_requests_total` is a total: its rate or increase says something, its value does not",
            ),
            (
                "histogram_quantile(0.9, sum by (method) (rate(http_request_duration_seconds_bucket[5m])))",
                "`histogram_quantile` needs the label `le`",
            ),
        ];
        for (expr, problem) in problems {
            assert_eq!(said(expr), [problem], "{expr}");
        }
        assert_eq!(said("rate(http_requests_total[5m)").len(), 1);
    }

    #[test]
    fn what_a_rule_records_has_the_labels_it_was_grouped_by() {
        let shop = shop();
        let mut series = Series::of(&shop);
        let expr = "sum by (service) (rate(http_requests_total[5m]))";
        assert_eq!(series.record("service:http_requests:rate5m", expr), []);
        assert_eq!(series.check("service:http_requests:rate5m{service=\"shop\"} > 1"), []);
        assert_eq!(
            series.check("service:http_requests:rate5m{status=\"500\"}"),
            [Problem::NoLabel { metric: "service:http_requests:rate5m".into(), label: "status".into() }]
        );
    }

    #[test]
    fn the_series_a_test_feeds_may_be_bare() {
        let shop = shop();
        let series = Series::of(&shop);
        let selector = |text| series.check_selector(text);
        assert_eq!(selector("http_requests_total{status=\"500\", service=\"shop\"}"), []);
        assert_eq!(selector("http_requests{status=\"500\"}"), [Problem::Unknown("http_requests".into())]);
        assert_eq!(selector("1 + 1").len(), 1);
    }
}
