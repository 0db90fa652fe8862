//! Whether rules, their tests and dashboards ask only for what a program declares, and whether every alert is tested.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::manifest::Manifest;
use crate::promql::{Problem, Series};

/// A file that cannot be read as what it should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("{0}")]
    Yaml(#[from] Box<serde_saphyr::Error>),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

#[derive(Deserialize)]
struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    record: Option<String>,
    alert: Option<String>,
    expr: String,
}

#[derive(Deserialize)]
struct TestFile {
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    #[serde(default, rename = "input_series")]
    inputs: Vec<Input>,
    #[serde(default, rename = "alert_rule_test")]
    alerts: Vec<AlertTest>,
    #[serde(default, rename = "promql_expr_test")]
    expressions: Vec<ExprTest>,
}

#[derive(Deserialize)]
struct Input {
    series: String,
}

#[derive(Deserialize)]
struct AlertTest {
    alertname: String,
    #[serde(default)]
    exp_alerts: Vec<Value>,
}

#[derive(Deserialize)]
struct ExprTest {
    expr: String,
}

/// Reads files of one program and gathers what is wrong with them, a line each.
pub(crate) struct Lint<'a> {
    series: Series<'a>,
    /// How often each alert is tested to fire, and to stay quiet.
    alerts: BTreeMap<String, Tested>,
    complaints: Vec<String>,
}

#[derive(Default)]
struct Tested {
    firing: usize,
    quiet: usize,
}

impl<'a> Lint<'a> {
    pub(crate) fn new(manifest: &'a Manifest) -> Self {
        Self { series: Series::of(manifest), alerts: BTreeMap::new(), complaints: Vec::new() }
    }

    /// Reads rules; what they record is known to what is read after.
    pub(crate) fn rules(&mut self, file: &str, yaml: &str) -> Result<(), Unreadable> {
        let rules: RuleFile = serde_saphyr::from_str(yaml).map_err(Box::new)?;
        for Rule { record, alert, expr } in rules.groups.into_iter().flat_map(|group| group.rules) {
            if let Some(name) = record {
                let problems = self.series.record(&name, &expr);
                self.complain(file, &name, problems);
            } else {
                let name = alert.unwrap_or_default();
                let problems = self.series.check(&expr);
                self.complain(file, &name, problems);
                self.alerts.entry(name).or_default();
            }
        }
        Ok(())
    }

    /// Reads tests of the rules read before.
    pub(crate) fn tests(&mut self, file: &str, yaml: &str) -> Result<(), Unreadable> {
        let tests: TestFile = serde_saphyr::from_str(yaml).map_err(Box::new)?;
        for Test { inputs, alerts, expressions } in tests.tests {
            for Input { series } in inputs {
                let problems = self.series.check_selector(&series);
                self.complain(file, &series, problems);
            }
            for ExprTest { expr } in expressions {
                let problems = self.series.check(&expr);
                self.complain(file, &expr, problems);
            }
            for AlertTest { alertname, exp_alerts } in alerts {
                match self.alerts.get_mut(&alertname) {
                    Some(tested) if exp_alerts.is_empty() => tested.quiet += 1,
                    Some(tested) => tested.firing += 1,
                    None => self.complaints.push(format!("{file}: no alert `{alertname}` is to be tested")),
                }
            }
        }
        Ok(())
    }

    /// Reads a dashboard.
    pub(crate) fn dashboard(&mut self, file: &str, json: &str) -> Result<(), Unreadable> {
        let dashboard: Value = serde_json::from_str(json)?;
        self.expressions(file, "the dashboard", &dashboard);
        Ok(())
    }

    /// What is wrong, a line each.
    pub(crate) fn finish(mut self) -> Vec<String> {
        for (alert, Tested { firing, quiet }) in &self.alerts {
            if *firing == 0 || *quiet == 0 {
                self.complaints.push(format!(
                    "alert `{alert}` is tested {firing} times to fire and {quiet} times to stay quiet: both are needed"
                ));
            }
        }
        self.complaints
    }

    /// Every expression within a part of a dashboard; `title` is that of the nearest panel around it.
    fn expressions(&mut self, file: &str, title: &str, part: &Value) {
        match part {
            Value::Array(parts) => parts.iter().for_each(|part| self.expressions(file, title, part)),
            Value::Object(fields) => {
                let title = part["title"].as_str().or(part["name"].as_str()).unwrap_or(title);
                if let Some(expr) = part["expr"].as_str() {
                    let problems = self.series.check(expr);
                    self.complain(file, title, problems);
                }
                if let Some(query) =
                    part["query"].as_str().and_then(|query| query.strip_prefix("label_values("))
                {
                    let problems = self.label_values(query);
                    self.complain(file, title, problems);
                }
                fields.values().for_each(|part| self.expressions(file, title, part));
            }
            _ => {}
        }
    }

    /// What Grafana asks for the values of a label: `metric{…}, label)`.
    fn label_values(&self, query: &str) -> Vec<Problem> {
        let Some((selector, label)) = query.trim_end_matches(')').rsplit_once(',') else {
            return vec![Problem::Syntax(format!("label_values({query} names no series"))];
        };
        let mut problems = self.series.check_selector(selector);
        if problems.is_empty() {
            problems = self.series.check(&format!("count by ({}) ({selector})", label.trim()));
            problems.retain(|problem| !matches!(problem, Problem::Bare(_)));
        }
        problems
    }

    fn complain(&mut self, file: &str, name: &str, problems: Vec<Problem>) {
        self.complaints.extend(problems.into_iter().map(|problem| format!("{file}: {name}: {problem}")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::shop;
    use crate::{dashboard, rules};

    const TESTS: &str = "
rule_files: [rules.yml]
tests:
  - input_series:
      - {series: 'http_requests_total{service=\"shop\", status=\"500\"}', values: '0+1x20'}
      - {series: 'http_requests{service=\"shop\"}', values: '0'}
    alert_rule_test:
      - {eval_time: 9m, alertname: HighErrorRate, exp_alerts: [{exp_labels: {service: shop}}]}
      - {eval_time: 1m, alertname: HighErrorRate}
      - {eval_time: 1m, alertname: TooManyBooks}
    promql_expr_test:
      - {eval_time: 1m, expr: 'service:http_requests:rate5m{city=\"here\"}'}
";

    #[test]
    fn what_is_made_asks_only_for_what_is_declared() {
        let shop = shop();
        let mut lint = Lint::new(&shop);
        lint.rules("rules.yml", &rules::file(&shop)).unwrap();
        lint.dashboard("dashboard.json", &dashboard::file(&shop)).unwrap();
        let complaints = lint.finish();
        assert!(complaints.iter().all(|line| line.ends_with("both are needed")), "{complaints:#?}");
        assert_eq!(complaints.len(), 8);
    }

    #[test]
    fn a_metric_that_is_gone_is_missed_wherever_it_is_asked_for() {
        let (mut changed, shop) = (shop(), shop());
        changed.metrics.retain(|metric| metric.name != "shop_pool_waiters");
        let mut lint = Lint::new(&changed);
        lint.rules("rules.yml", &rules::file(&shop)).unwrap();
        lint.dashboard("dashboard.json", &dashboard::file(&shop)).unwrap();
        let complaints = lint.finish();
        let missed: Vec<&String> = complaints.iter().filter(|line| line.contains("is declared")).collect();
        assert_eq!(
            missed,
            [
                "rules.yml: PoolWaiters: no metric `shop_pool_waiters` is declared",
                "dashboard.json: What shop_pool_waiters says: no metric `shop_pool_waiters` is declared",
            ]
        );
    }

    #[test]
    fn tests_are_held_against_what_is_declared_and_against_the_rules() {
        let shop = shop();
        let mut lint = Lint::new(&shop);
        lint.rules("rules.yml", &rules::file(&shop)).unwrap();
        lint.tests("tests.yml", TESTS).unwrap();
        let complaints = lint.finish();
        assert_eq!(
            complaints[..3],
            [
                "tests.yml: http_requests{service=\"shop\"}: no metric `http_requests` is declared",
                "tests.yml: service:http_requests:rate5m{city=\"here\"}: \
                 `service:http_requests:rate5m` has no label `city`",
                "tests.yml: no alert `TooManyBooks` is to be tested",
            ]
        );
        assert!(!complaints.iter().any(|line| line.contains("`HighErrorRate`")), "{complaints:#?}");
        assert_eq!(complaints.len(), 3 + 7);
    }

    #[test]
    fn the_choices_of_a_dashboard_are_read_too() {
        let shop = shop();
        let mut lint = Lint::new(&shop);
        let choice = r#"{"name": "shelf", "query": {"query": "label_values(shop_pool_waiters, shelf)"}}"#;
        lint.dashboard("d.json", &format!(r#"{{"templating": {{"list": [{choice}]}}}}"#)).unwrap();
        assert_eq!(lint.finish(), ["d.json: shelf: nothing has a label `shelf` that could be grouped by"]);
    }
}
