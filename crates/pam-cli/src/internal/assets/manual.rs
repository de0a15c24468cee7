//! Manual pages: one for each command.

use std::io;

use clap::Command;
use clap_mangen::Man;
use roff::{Roff, roman};

use crate::failure::Failure;

/// The page of the command and of each below it, by its path.
pub(super) fn pages(command: &Command) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut pages = Vec::new();
    let mut open = vec![(command.clone(), "pamctl".to_owned())];
    while let Some((command, name)) = open.pop() {
        let below = command.get_subcommands();
        let below = below.filter(|below| below.get_name() != "help" && !below.is_hide_set());
        open.extend(below.map(|below| (below.clone(), format!("{name}-{}", below.get_name()))));
        let page = page(command, &name)?;
        pages.push((format!("man/{name}.1"), page));
    }
    pages.sort();
    Ok(pages)
}

fn page(command: Command, name: &str) -> io::Result<Vec<u8>> {
    let sections = sections(&command);
    let parent = name.rsplit_once('-').map(|(parent, _)| parent.to_owned());
    let subcommands = command.has_subcommands();
    let man = Man::new(command.display_name(name.to_owned()))
        .title(name.to_uppercase())
        .source(concat!("pamctl ", env!("CARGO_PKG_VERSION")))
        .manual("pamctl manual");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if subcommands {
        man.render_subcommands_section(&mut page)?;
    }
    let mut rest = Roff::default();
    for (title, lines) in sections {
        rest.control("SH", [title.to_uppercase().as_str()]);
        rest.control("nf", []);
        for line in lines {
            rest.text([roman(line)]);
        }
        rest.control("fi", []);
    }
    if let Some(parent) = parent {
        rest.control("SH", ["SEE ALSO"]);
        rest.text([roman(format!("{parent}(1)"))]);
    }
    rest.to_writer(&mut page)?;
    Ok(page)
}

/// The sections behind the options: each begins with a line that ends with a colon.
fn sections(command: &Command) -> Vec<(String, Vec<String>)> {
    let help = command
        .get_after_long_help()
        .or_else(|| command.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for line in help.lines() {
        match (line.strip_suffix(':'), sections.last_mut()) {
            (Some(title), _) if !line.starts_with(' ') => {
                // `Exit codes (they never change meaning)`: the remark is for the screen.
                let title = title.split_once(" (").map_or(title, |(title, _)| title);
                sections.push((title.to_owned(), Vec::new()));
            }
            (_, Some((_, lines))) => lines.push(line.to_owned()),
            (_, None) => sections.push(("Notes".to_owned(), vec![line.to_owned()])),
        }
    }
    for (_, lines) in &mut sections {
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
    }
    sections
}
