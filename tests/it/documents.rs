//! What the documents show is what the programs take.

use pam_mock::State;

/// The fenced blocks of a document in this language.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let parts = document.split(fence.as_str()).skip(1);
    parts.filter_map(|part| part.split("```").next()).collect()
}

#[test]
fn the_state_file_in_the_guide_to_the_mock_is_a_state_file() {
    let guide = include_str!("../../docs/mock.md");
    let [state] = blocks(guide, "json")[..] else {
        panic!("one state file is shown");
    };
    let state = State::from_json(state).unwrap();
    assert_eq!(state.sessions.len(), 2);
    assert_eq!(state.applications[0].authorizations.len(), 2);
}
