//! The tables of the document, written by `cargo xtask bench all`.

use std::fmt::Write as _;

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::error::Error;

const FILE: &str = "docs/performance.md";
const CLOSE: &str = "<!-- /bench -->";

/// Writes each table, and what they were measured with, between its markers.
pub(super) fn write(sh: &Shell, tables: &[(String, String)]) -> Result<(), Error> {
    let mut text = sh.read_file(FILE)?;
    for (name, rows) in tables {
        text = replaced(&text, name, &table(rows)?)?;
    }
    text = replaced(&text, "machine", &machine(sh)?)?;
    sh.write_file(FILE, text)?;
    println!("{FILE}: tables written");
    Ok(())
}

/// The text with something else between the markers of that name.
fn replaced(text: &str, name: &str, with: &str) -> Result<String, Error> {
    let open = format!("<!-- bench:{name} -->");
    let parts = text.split_once(&open).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(CLOSE)?;
        Some((before, after))
    });
    let (before, after) =
        parts.ok_or_else(|| Error::new(format!("{FILE} has no {open} … {CLOSE}")))?;
    Ok(format!("{before}{open}\n{with}{CLOSE}{after}"))
}

fn machine(sh: &Shell) -> Result<String, Error> {
    let commit = cmd!(sh, "git describe --always --dirty").quiet().read()?;
    let compiler = cmd!(sh, "rustc --version").quiet().read()?;
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let cpuinfo = sh.read_file("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim())
    });
    let model = model.unwrap_or("unknown");
    Ok(format!(
        "Commit `{commit}`, {model}, {processors} processors, {compiler}.\n"
    ))
}

/// A table of the rows that `pam-bench --json` printed.
fn table(rows: &str) -> Result<String, Error> {
    let mut table = String::from(
        "| case | who | median | spread | x | counted | goal |\n|---|---|---:|---|---:|---|---|\n",
    );
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line).map_err(|source| Error::Json {
            what: "a row of pam-bench".into(),
            source,
        })?;
        // Writing to a text can't fail.
        let _ = writeln!(table, "{}", table_row(&row));
    }
    Ok(table)
}

fn table_row(row: &Value) -> String {
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| short(&row[name]);
    let figures = list(&row["figures"], |figure| {
        let limit = match &figure["at_most"] {
            Value::Null => String::new(),
            limit => format!(" (at most {limit})"),
        };
        let name = figure["name"].as_str().unwrap_or_default();
        format!("{} {name}{limit}", short(&figure["value"]))
    });
    let goals = list(&row["goals"], |goal| {
        let held = goal["held"].as_bool().unwrap_or_default();
        let verdict = if held { "held" } else { "**missed**" };
        let goal_text = goal["goal"].as_str().unwrap_or_default();
        format!("{verdict}, {}: {goal_text}", short(&goal["measured"]))
    });
    format!(
        "| {} | {} | {} {} | {}–{} | {} | {figures} | {goals} |",
        text("case"),
        text("name"),
        number("median"),
        text("unit"),
        number("low"),
        number("high"),
        number("ratio"),
    )
}

fn list(values: &Value, shown: impl Fn(&Value) -> String) -> String {
    let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
    let shown: Vec<String> = values.iter().map(shown).collect();
    shown.join("; ")
}

/// A number in three digits or so.
fn short(value: &Value) -> String {
    let value = value.as_f64().unwrap_or(f64::NAN);
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_the_place_of_the_one_before() {
        let text = "a\n<!-- bench:sign -->\nold\n<!-- /bench -->\nb\n<!-- bench:cli -->\n<!-- /bench -->\n";
        let written = replaced(text, "cli", "new\n").unwrap();
        assert!(written.ends_with("<!-- bench:cli -->\nnew\n<!-- /bench -->\n"));
        let written = replaced(&written, "sign", "newer\n").unwrap();
        assert!(written.starts_with("a\n<!-- bench:sign -->\nnewer\n<!-- /bench -->\nb\n"));
        assert!(replaced(text, "verify", "").is_err());
    }

    #[test]
    fn a_row_says_what_was_counted_and_whether_its_goal_is_held() {
        let row = r#"{"bench":"sign","case":"GET","name":"ours","unit":"ns","median":612.4,"low":600.0,"high":700.0,"rounds":9,"reference":"bare","ratio":1.29,"figures":[{"name":"allocations","value":1.0,"at_most":1.0}],"goals":[{"goal":"at most 1.15x bare","measured":1.29,"held":false}]}"#;
        let table = table(row).unwrap();
        assert_eq!(
            table.lines().last(),
            Some(
                "| GET | ours | 612 ns | 600–700 | 1.29 | 1.00 allocations (at most 1.0) | **missed**, 1.29: at most 1.15x bare |"
            )
        );
    }
}
