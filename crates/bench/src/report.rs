//! The report of a benchmark: a table on standard output, and the same as JSON.
//!
//! Figures are medians unless a row's name says otherwise. A goal is either a bound on our own figure or a ratio to the
//! peer's; the ratio is "how many times better ours is", whichever direction is better.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Unit of a figure, and which direction is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds; less is better.
    Seconds,
    /// Bytes; less is better.
    Bytes,
    /// Things counted; less is better.
    Count,
    /// Things a second; more is better.
    PerSecond,
}

impl Unit {
    fn more_is_better(self) -> bool {
        self == Self::PerSecond
    }

    fn name(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Bytes => "B",
            Self::Count => "",
            Self::PerSecond => "/s",
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds if value >= 1.0 => format!("{value:.2} s"),
            Self::Seconds if value >= 1e-3 => format!("{:.2} ms", value * 1e3),
            Self::Seconds if value >= 1e-6 => format!("{:.2} µs", value * 1e6),
            Self::Seconds => format!("{:.0} ns", value * 1e9),
            Self::Bytes if value.abs() >= 10_485_760.0 => format!("{:.1} MiB", value / 1_048_576.0),
            Self::Bytes if value.abs() >= 10_240.0 => format!("{:.1} KiB", value / 1024.0),
            Self::Bytes => format!("{value:.0} B"),
            Self::Count => thousands(value),
            Self::PerSecond => format!("{}/s", thousands(value)),
        }
    }
}

fn thousands(value: f64) -> String {
    if value.abs() < 100.0 && value.fract() != 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if value < 0.0 { format!("-{shown}") } else { shown }
}

/// What a row has to reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    /// Ours is at most this, in the row's unit.
    AtMost(f64),
    /// Ours is at least so many times better than the peer's.
    Times(f64),
}

/// One measured figure.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    name: String,
    unit: Unit,
    ours: f64,
    peer: Option<(String, f64)>,
    goal: Option<Goal>,
}

impl Row {
    /// A figure of ours.
    pub(crate) fn new(name: impl Into<String>, unit: Unit, ours: f64) -> Self {
        Self { name: name.into(), unit, ours, peer: None, goal: None }
    }

    /// The figure of a peer on the same input, in the same unit.
    pub(crate) fn peer(mut self, name: impl Into<String>, value: f64) -> Self {
        self.peer = Some((name.into(), value));
        self
    }

    /// What is to be reached.
    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    /// How many times better ours is than the peer's.
    fn ratio(&self) -> Option<f64> {
        let (_, peer) = self.peer.as_ref()?;
        let (better, worse) =
            if self.unit.more_is_better() { (self.ours, *peer) } else { (*peer, self.ours) };
        (worse > 0.0).then(|| better / worse)
    }

    /// `None` where there is no goal. A ratio without a peer is not reached.
    fn met(&self) -> Option<bool> {
        Some(match self.goal? {
            Goal::AtMost(bound) => self.ours <= bound,
            Goal::Times(times) => self.ratio().is_some_and(|ratio| ratio >= times),
        })
    }

    fn cells(&self) -> [String; 6] {
        let goal = match self.goal {
            Some(Goal::AtMost(bound)) => format!("≤ {}", self.unit.show(bound)),
            Some(Goal::Times(times)) => format!("≥ {times}×"),
            None => String::new(),
        };
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        [
            self.name.clone(),
            self.unit.show(self.ours),
            self.peer
                .as_ref()
                .map(|(name, value)| format!("{} ({name})", self.unit.show(*value)))
                .unwrap_or_default(),
            self.ratio()
                .map(|ratio| if ratio < 10.0 { format!("{ratio:.1}×") } else { format!("{ratio:.0}×") })
                .unwrap_or_default(),
            goal,
            met.to_owned(),
        ]
    }

    fn json(&self) -> Value {
        let (kind, bound) = match self.goal {
            Some(Goal::AtMost(bound)) => ("at_most", bound),
            Some(Goal::Times(times)) => ("times", times),
            None => ("", 0.0),
        };
        json!({
            "name": self.name,
            "unit": self.unit.name(),
            "ours": self.ours,
            "peer": self.peer.as_ref().map(|(name, value)| json!({ "name": name, "value": value })),
            "ratio": self.ratio(),
            "goal": self.goal.map(|_| json!({ kind: bound })),
            "met": self.met(),
        })
    }
}

/// All figures of one benchmark.
#[derive(Debug)]
pub(crate) struct Report {
    name: String,
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Report {
    /// An empty report; the name is also that of its file.
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a figure.
    pub(crate) fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds a sentence on how something was measured.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Prints the table and writes `<folder>/<name>.json`. Answers whether every goal is met.
    pub(crate) fn publish(&self, folder: &Path) -> Result<bool> {
        println!("{}", self.table());
        let file = self.write(folder)?;
        println!("{}", file.display());
        Ok(self.rows.iter().all(|row| row.met() != Some(false)))
    }

    fn table(&self) -> String {
        let head = [self.name.as_str(), "ours", "peer", "ratio", "goal", ""].map(str::to_owned);
        let lines: Vec<[String; 6]> = std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..6).map(width).collect();
        let mut table = String::new();
        for line in &lines {
            for (column, cell) in line.iter().enumerate() {
                let gap = " ".repeat(widths[column] - cell.chars().count());
                let shown =
                    if column == 0 || column == 5 { format!("{cell}{gap}") } else { format!("{gap}{cell}") };
                table.push_str(if column == 0 { "\n" } else { "  " });
                table.push_str(&shown);
            }
        }
        for note in &self.notes {
            table.push_str("\n  ");
            table.push_str(note);
        }
        table
    }

    fn write(&self, folder: &Path) -> Result<PathBuf> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join(format!("{}.json", self.name));
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let all = json!({ "name": self.name, "machine": machine(), "rows": rows, "notes": self.notes });
        fs::write(&file, serde_json::to_string_pretty(&all)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(file)
    }
}

/// What the figures depend on beside the programs: cores, and how busy the machine was.
fn machine() -> Value {
    let load = fs::read_to_string("/proc/loadavg").ok();
    let load: Option<f64> = load.and_then(|text| text.split(' ').next()?.parse().ok());
    json!({ "cores": std::thread::available_parallelism().map_or(0, usize::from), "load_1_minute": load })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_says_how_many_times_better_ours_is_in_either_direction() {
        let time = Row::new("time", Unit::Seconds, 2.0).peer("them", 10.0);
        assert_eq!(time.ratio(), Some(5.0));
        let rate = Row::new("rate", Unit::PerSecond, 10.0).peer("them", 2.0);
        assert_eq!(rate.ratio(), Some(5.0));
    }

    #[test]
    fn a_goal_is_missed_by_a_figure_beyond_its_bound_and_by_a_ratio_without_a_peer() {
        let row = |ours: f64| Row::new("time", Unit::Seconds, ours).goal(Goal::AtMost(1.0));
        assert_eq!((row(1.0).met(), row(1.1).met()), (Some(true), Some(false)));
        let alone = Row::new("rate", Unit::PerSecond, 1e9).goal(Goal::Times(2.0));
        assert_eq!(alone.met(), Some(false));
        assert_eq!(Row::new("size", Unit::Bytes, 1.0).met(), None);
    }

    #[test]
    fn the_file_says_what_the_table_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut report = Report::new("trial");
        report.row(Row::new("met", Unit::Bytes, 10.0).goal(Goal::AtMost(10.0)));
        assert!(report.publish(folder.path()).expect("publishes"));
        report.row(Row::new("missed", Unit::Seconds, 2.0).peer("them", 3.0).goal(Goal::Times(2.0)));
        assert!(!report.publish(folder.path()).expect("publishes"));
        let text = fs::read_to_string(folder.path().join("trial.json")).expect("a file");
        let all: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((&all["rows"][0]["met"], &all["rows"][1]["met"]), (&json!(true), &json!(false)));
        assert_eq!(all["rows"][1]["ratio"], json!(1.5));
        assert!(report.table().contains("MISSED"));
    }
}
