//! What a mock can be told, as lists.

use pam_mock::{Fault, Switches};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::stdout::Stdout;

const fn column(title: &'static str) -> Column {
    Column {
        title,
        fit: Fit::Whole,
    }
}

/// The faults, one a line.
pub(super) fn faults() -> Result<Exit, Failure> {
    let columns = [column("FAULT"), column("WHAT IT DOES")];
    let mut table = Columns::new(Stdout::open(), &columns, None);
    for fault in Fault::catalogue() {
        let name = format!("{}{}", fault.name, fault.argument);
        table.row([name.as_str(), fault.description])?;
    }
    table.finish()?;
    Ok(Exit::Done)
}

/// The switches, one a line, with their defaults and other values.
pub(super) fn switches() -> Result<Exit, Failure> {
    let columns = [
        column("SWITCH"),
        column("DEFAULT"),
        column("VALUES"),
        column("WHAT IT SAYS"),
    ];
    let mut table = Columns::new(Stdout::open(), &columns, None);
    let defaults = Switches::default();
    for switch in Switches::catalogue() {
        let default = defaults.value(switch.name).unwrap_or_default();
        let values = match switch.values {
            [] => "a number".to_owned(),
            values => values.join("|"),
        };
        table.row([switch.name, &default, &values, switch.description])?;
    }
    table.finish()?;
    Ok(Exit::Done)
}
