//! What each quirk of a sender must and must not come to, said beside the fixtures.

use pam_alert::{Field, Severity, State};

use crate::fixtures::{datagram, webhook};

#[test]
fn a_line_without_structured_data_is_read_whole() {
    for name in ["q01-no-structured-data", "q01-without-priority"] {
        let alert = datagram(name);
        assert_eq!(
            alert.attributes["text"], "Successfully authenticated.",
            "{name}"
        );
        assert_eq!(alert.attributes["syslog.hostname"], "vm-machine");
        assert_eq!(alert.attributes["syslog.procid"], "1426");
        assert_eq!(alert.time.unwrap().to_string(), "2018-06-18T17:49:41-03:00");
    }
    let misprinted = datagram("q01-misprinted-time");
    assert_eq!(misprinted.time, None);
    assert_eq!(
        misprinted.attributes["syslog.time"],
        "218-06-18T17:49:41-03:00"
    );
}

#[test]
fn suid_and_spid_are_nobody() {
    for name in [
        "q02-suid-is-message-type",
        "q02-suid-is-user-id",
        "q03-spid-is-process",
    ] {
        let alert = datagram(name);
        assert_eq!(alert.user.as_deref(), Some("stlee"), "{name}");
        assert_eq!((alert.id, alert.session_id), (None, None), "{name}");
    }
    assert_eq!(datagram("q02-suid-alone").user, None);
}

#[test]
fn ids_of_events_are_one_with_and_without_their_dot() {
    for name in [
        "q04-event-id-with-dot",
        "q04-event-id-without-dot",
        "q04-wrapped-in-pipes",
    ] {
        let alert = datagram(name);
        assert!(alert.event.unwrap().has_id("336.501"), "{name}");
        assert!(!alert.truncated, "{name}");
    }
}

#[test]
fn every_spelling_of_a_port_is_the_port() {
    assert_eq!(datagram("q05-dposrt").device.port, Some(22));
    assert_eq!(datagram("q05-dport").device.port, Some(3389));
    let approved = datagram("q05-capital-cs6");
    assert_eq!(approved.attributes["Cs6"], "View password");
    assert_eq!(approved.attributes["Action"], "View password");
}

#[test]
fn a_sentence_is_the_last_resort_and_says_so() {
    let named = datagram("q07-sentence-contradicts-event");
    assert_eq!(named.user.as_deref(), Some("stlee"));
    let expected = [
        Field::User,
        Field::Credential,
        Field::DeviceHost,
        Field::DeviceIp,
    ];
    assert_eq!(named.inferred, expected.into());
    assert_eq!(
        datagram("q07-sentence-portuguese").credential.as_deref(),
        Some("root")
    );
    let keys = datagram("q07-sentence-is-last-resort");
    assert!(keys.inferred.is_empty());
    assert_eq!(keys.user.as_deref(), Some("stlee"));
    assert_eq!(keys.device.host, None);
}

#[test]
fn what_is_left_of_an_address_is_no_device() {
    let device = datagram("q08-address-without-its-beginning").device;
    assert_eq!((device.host, device.ip), (None, None));
}

#[test]
fn a_cut_message_is_marked_and_half_a_value_is_nobody() {
    for name in [
        "q09-cut-at-1024",
        "q09-cut-within-character",
        "q09-cut-within-escape",
        "q09-cut-within-login",
        "q09-cut-within-header",
        "logger-fragment-1",
        "syslog-json-cut",
    ] {
        assert!(datagram(name).truncated, "{name}");
    }
    let half = datagram("q09-cut-within-login");
    assert_eq!(half.user, None);
    assert_eq!(half.attributes["suser"], "stle");
    assert_eq!(half.device.ip, "192.0.2.7".parse().ok());
    assert!(!datagram("logger-fragment-3").truncated);
}

#[test]
fn scripts_are_machine_actors_and_checksums_no_session() {
    let script = datagram("q10-machine-actor");
    assert!(script.is_machine_actor());
    assert_eq!(script.session_id, None);
    assert!(datagram("q10-machine-actor-by-name").is_machine_actor());
    assert!(!datagram("q02-suid-is-user-id").is_machine_actor());
}

#[test]
fn a_sender_that_contradicts_itself_names_nobody() {
    let alert = datagram("cef-contradicts-itself");
    assert_eq!((alert.user.as_deref(), alert.device.port), (None, None));
    assert_eq!(alert.conflicting, [Field::User, Field::DevicePort].into());
    assert_eq!(alert.attributes["suser"], "victim");
    assert_eq!(alert.attributes["suser#2"], "stlee");
    assert_eq!(
        datagram("cef-repeats-itself").user.as_deref(),
        Some("stlee")
    );

    let users = &webhook("splunk/webhook-several-users")[0];
    assert_eq!(
        (
            users.user.as_deref(),
            users.conflicting.contains(&Field::User)
        ),
        (None, true)
    );
    let accounts = &webhook("sentinel/incident-two-accounts-closed")[0];
    assert_eq!(accounts.user, None);
    assert_eq!(accounts.state, State::Resolved);
}

#[test]
fn a_session_id_is_taken_only_where_it_is_one() {
    const ID: &str = "e7acacb6aedbab70073456da5744166939b77527";
    for name in ["cef-session-id-by-label", "cef-session-id-external"] {
        let alert = datagram(name);
        assert_eq!(alert.session_id.as_deref(), Some(ID), "{name}");
        assert_eq!(alert.id, None, "{name}");
    }
    assert_eq!(datagram("cef-no-session-id").session_id, None);
    let external = datagram("cef-external-id");
    assert_eq!(external.session_id, None);
    assert_eq!(
        external.id.as_deref(),
        Some("0b8f8a3e-6f0e-4a53-9a0b-3f6b8de0f1c2")
    );
    assert_eq!(webhook("alertmanager/0.33.1-resolved")[0].session_id, None);
}

#[test]
fn relays_that_take_the_format_for_a_tag_are_undone() {
    for name in [
        "rsyslog-forward-cef-tag-split",
        "rsyslog-forward-cef-tag-split-no-pri",
    ] {
        let alert = datagram(name);
        assert_eq!(alert.user.as_deref(), Some("jdoe"), "{name}");
        assert_eq!(alert.severity, Some(Severity::Critical));
    }
    assert_eq!(datagram("leef-tag-split").user.as_deref(), Some("stlee"));
}

#[test]
fn the_same_alert_through_two_relays_is_the_same() {
    let direct = datagram("rsyslog-forward-cef");
    let tagged = datagram("rsyslog-forward-cef-tag");
    assert_ne!(direct.time, tagged.time);
    let mut same = tagged;
    same.time = direct.time;
    assert_eq!(direct.dedupe_key(), same.dedupe_key());
}

#[test]
fn what_is_over_is_marked_and_has_another_key() {
    let firing = &webhook("alertmanager/0.33.1-firing")[0];
    let over = &webhook("alertmanager/0.33.1-resolved")[0];
    assert_eq!((firing.state, over.state), (State::Firing, State::Resolved));
    assert_eq!(firing.id, over.id);
    assert_ne!(firing.dedupe_key(), over.dedupe_key());
    for name in [
        "grafana/resolved",
        "kibana/one-alert",
        "wazuh/active-response-4-delete",
    ] {
        assert_eq!(webhook(name)[0].state, State::Resolved, "{name}");
    }
}

#[test]
fn the_line_that_a_siem_received_fills_what_it_left_out() {
    let alert = &webhook("wazuh/integrator-alert-file")[0];
    assert_eq!(alert.user.as_deref(), Some("stlee"));
    assert_eq!(alert.device.port, Some(22));
    assert_eq!(alert.origin, "10.0.0.9".parse().ok());
    assert_eq!(alert.severity, Some(Severity::High));
    // the name of what passed a line on is not that of the device in it
    let passed_on = &webhook("json/elastic-common-schema")[0];
    assert_eq!(passed_on.device.ip, "192.0.2.7".parse().ok());
    assert_eq!(passed_on.device.host, None);
}
