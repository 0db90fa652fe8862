//! A panel of a dashboard: a graph over time of some expressions.

use serde_json::{Value, json};

/// How many columns a dashboard has, in Grafana's units.
const COLUMNS: u32 = 24;
const WIDTH: u32 = 8;
const HEIGHT: u32 = 8;

/// A graph over time.
pub(super) struct Panel {
    pub(super) title: String,
    pub(super) description: String,
    /// One of Grafana's units, such as `s` or `percentunit`.
    pub(super) unit: &'static str,
    pub(super) targets: Vec<Target>,
}

/// One expression of a graph.
pub(super) struct Target {
    pub(super) expr: String,
    /// The name of its lines, where `{{label}}` stands for a label's value.
    pub(super) legend: String,
    /// Whether points that lead to traces are shown.
    pub(super) exemplars: bool,
}

impl Target {
    pub(super) fn new(expr: String, legend: impl Into<String>) -> Self {
        Self { expr, legend: legend.into(), exemplars: false }
    }
}

/// Where the next panel goes.
#[derive(Default)]
pub(super) struct Grid {
    panels: Vec<Value>,
    x: u32,
    y: u32,
}

impl Grid {
    /// Begins a row under a title.
    pub(super) fn row(&mut self, title: &str) {
        self.end_line();
        self.panels.push(json!({
            "id": self.next_id(),
            "type": "row",
            "title": title,
            "collapsed": false,
            "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": self.y},
            "panels": [],
        }));
        self.y += 1;
    }

    pub(super) fn panel(&mut self, panel: &Panel) {
        if self.x + WIDTH > COLUMNS {
            self.end_line();
        }
        let targets: Vec<Value> = panel.targets.iter().zip('A'..='Z').map(Target::to_json).collect();
        self.panels.push(json!({
            "id": self.next_id(),
            "type": "timeseries",
            "title": panel.title,
            "description": panel.description,
            "datasource": source(),
            "gridPos": {"h": HEIGHT, "w": WIDTH, "x": self.x, "y": self.y},
            "fieldConfig": {
                "defaults": {
                    "unit": panel.unit,
                    "min": 0,
                    "custom": {"fillOpacity": 10, "lineWidth": 1, "showPoints": "never", "spanNulls": false},
                },
                "overrides": [],
            },
            "options": {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
                "tooltip": {"mode": "multi", "sort": "desc"},
            },
            "targets": targets,
        }));
        self.x += WIDTH;
    }

    pub(super) fn into_panels(self) -> Vec<Value> {
        self.panels
    }

    fn end_line(&mut self) {
        if self.x > 0 {
            (self.x, self.y) = (0, self.y + HEIGHT);
        }
    }

    fn next_id(&self) -> usize {
        self.panels.len() + 1
    }
}

impl Target {
    fn to_json((target, letter): (&Self, char)) -> Value {
        json!({
            "refId": letter.to_string(),
            "datasource": source(),
            "expr": target.expr,
            "legendFormat": target.legend,
            "exemplar": target.exemplars,
            "range": true,
        })
    }
}

/// Whichever Prometheus is chosen above the panels.
pub(super) fn source() -> Value {
    json!({"type": "prometheus", "uid": "${source}"})
}
