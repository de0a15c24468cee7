//! What every adapter must do, whatever carries its bytes: it passes all of these, or it is none.
//!
//! A new adapter implements [`Adapter`] in `adapters.rs` and gets a line at the end of this file.
//! Servers that misbehave in one precise way each are scripted in `appliance.rs`; the whole job is
//! done against the stand-in appliance, whose truth is what an outcome is held against.

use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};

use http::{Request, Response};
use pam_adapter::drops::{PlannedDrop, Withheld};
use pam_adapter::{CallError, Settings, SetupError};
use pam_mock::{Builder, MockAppliance};
use pam_proto::listing::{Filter, ListingEnd, SessionRecord};
use pam_proto::termination::{Limits, Report};
use pam_proto::{Operation, Pace, Routes, SessionRef};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

mod adapters;
pub(crate) mod appliance;
pub(crate) mod certificates;

mod access_token_is_shared;
mod answers_are_bounded;
mod connections_are_reused;
mod every_request_says_who_sends_it;
mod listing_is_a_stream;
mod lost_reply_is_not_retried;
mod no_deadline_is_missed;
mod rate_limit_is_obeyed;
mod redirect_never_carries_authorization;
mod routes_are_learned;
mod terminations_are_driven;
mod the_whole_job;
mod tls_is_always_verified;
mod unreachable_is_not_executed;

/// A client under test, as a blocking one: what waits elsewhere waits here on the calling thread.
pub(crate) trait Adapter: std::fmt::Debug + Sized + Send + Sync + 'static {
    fn new(settings: Settings) -> Result<Self, SetupError>;

    fn routes(&self) -> Option<Routes>;

    fn call<O: Operation + Sync>(&self, operation: &O) -> Result<O::Output, CallError>;

    fn send(&self, request: Request<Vec<u8>>, pace: Pace) -> Result<Response<Vec<u8>>, CallError>;

    fn list(
        &self,
        filter: &Filter,
        on_session: impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, CallError>;

    /// Until `interrupt` is sent something. One whose sender is gone never is.
    fn terminate(
        &self,
        targets: Vec<SessionRef>,
        limits: Limits,
        witness: Arc<dyn Witness>,
        interrupt: oneshot::Receiver<()>,
    ) -> Vec<Report>;
}

/// What an adapter tells while it terminates. The methods may block.
pub(crate) trait Witness: Send + Sync {
    fn before_drop(&self, drop: &PlannedDrop) -> Result<(), Withheld> {
        let _ = drop;
        Ok(())
    }

    fn reported(&self, report: &Report) {
        let _ = report;
    }
}

impl Witness for () {}

fn nobody() -> Arc<dyn Witness> {
    Arc::new(())
}

/// An interruption that does not come.
fn never() -> oneshot::Receiver<()> {
    oneshot::channel().1
}

/// Where the servers run, whatever the client under test runs on.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    &RUNTIME
}

fn start(mock: Builder) -> MockAppliance {
    runtime().block_on(mock.start()).unwrap()
}

macro_rules! cases {
    ($adapter:ty, $file:ident, [$($case:ident),+ $(,)?]) => {
        mod $file {
            $(
                #[test]
                fn $case() {
                    crate::conformance::$file::$case::<$adapter>();
                }
            )+
        }
    };
}

/// The table of cases.
macro_rules! conformance {
    ($module:ident, $adapter:ty) => {
        mod $module {
            cases!(
                $adapter,
                no_deadline_is_missed,
                [
                    an_answer_that_does_not_come,
                    headers_that_drip,
                    a_body_that_drips,
                    a_handshake_that_does_not_come,
                    the_listing_has_a_deadline_of_its_own,
                    a_deadline_beyond_all_clocks_is_one,
                ]
            );
            cases!(
                $adapter,
                lost_reply_is_not_retried,
                [
                    a_drop_without_an_answer_is_sent_once,
                    a_drop_lost_on_a_used_connection_is_sent_once,
                    a_read_lost_on_a_used_connection_is_sent_again_newly_signed,
                    a_read_that_is_never_answered_is_not_repeated_for_ever,
                    an_idle_connection_that_was_closed_is_replaced_without_a_doubt,
                    an_answer_cut_in_the_middle_says_how_far_it_came,
                ]
            );
            cases!(
                $adapter,
                rate_limit_is_obeyed,
                [
                    a_read_waits_as_long_as_it_is_told_and_is_signed_anew,
                    a_listing_and_a_raw_read_wait_too,
                    a_wait_beyond_the_deadline_is_not_begun,
                    what_changes_something_is_sent_once,
                ]
            );
            cases!(
                $adapter,
                redirect_never_carries_authorization,
                [
                    the_target_of_a_redirect_sees_nothing,
                    a_request_to_another_host_is_not_sent,
                ]
            );
            cases!(
                $adapter,
                answers_are_bounded,
                [
                    an_announced_body_over_the_limit_is_not_read,
                    a_chunked_body_that_never_ends_stops_at_the_limit,
                    a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not,
                    headers_that_never_end_stop_at_a_limit,
                    too_many_headers_are_refused,
                    gzip_that_was_not_asked_for_is_named,
                    what_is_not_http_is_named,
                    a_body_without_a_length_ends_with_the_connection,
                ]
            );
            cases!(
                $adapter,
                tls_is_always_verified,
                [
                    the_right_name_under_the_right_authority_is_trusted,
                    another_name_is_refused_and_named,
                    a_certificate_out_of_its_time_is_refused,
                    an_unknown_authority_is_refused,
                    the_platform_does_not_know_a_private_authority,
                    a_certificate_that_vouches_for_itself_is_trusted_where_the_file_holds_it,
                    the_file_may_hold_the_servers_own_certificate,
                    a_body_whose_end_is_not_vouched_for_is_cut_off,
                    plain_http_behind_https_is_named,
                    a_server_that_knows_only_old_tls_is_refused,
                    an_empty_or_wrong_ca_file_is_an_error_before_any_call,
                    a_client_certificate_is_presented_where_it_is_demanded,
                    a_client_key_that_does_not_fit_is_an_error_before_any_call,
                ]
            );
            cases!(
                $adapter,
                unreachable_is_not_executed,
                [a_port_where_nothing_listens, a_name_without_an_address,]
            );
            cases!(
                $adapter,
                routes_are_learned,
                [
                    a_drop_waits_for_a_harmless_read_to_find_the_path,
                    many_drops_at_once_wait_for_one_read,
                    rejected_credentials_are_not_taken_for_a_wrong_path,
                    a_probe_that_gets_no_answer_leaves_the_drop_unsent,
                    a_remembered_path_needs_no_read_and_a_wrong_one_is_corrected,
                    a_path_that_is_said_is_taken_whatever_comes_back,
                    reads_find_their_path_by_themselves,
                ]
            );
            cases!(
                $adapter,
                every_request_says_who_sends_it,
                [
                    a_request_is_signed_and_names_its_referer,
                    a_header_value_that_can_not_be_sent_is_refused_at_once,
                    no_two_requests_have_the_same_nonce,
                    a_wrong_clock_is_corrected_by_the_appliance_once,
                    a_refusal_that_the_clock_does_not_explain_stands,
                    a_clock_that_runs_wild_is_followed_once_a_call,
                    a_raw_call_brings_back_errors_as_they_are,
                ]
            );
            cases!(
                $adapter,
                listing_is_a_stream,
                [
                    sessions_arrive_in_pieces_of_any_size,
                    it_may_be_larger_than_any_other_answer,
                    stopping_early_closes_the_connection,
                    a_listing_that_breaks_off_is_an_error_after_its_sessions,
                    a_refusal_is_an_error_whatever_its_form,
                    a_wrong_clock_is_corrected_for_the_listing_too,
                    a_listing_that_drips_meets_its_deadline,
                ]
            );
            cases!(
                $adapter,
                access_token_is_shared,
                [
                    any_number_of_calls_fetch_one_token,
                    a_refused_token_is_replaced_once_for_all,
                    a_token_that_is_never_accepted_ends_the_call,
                    a_refused_client_sends_no_request,
                    a_token_server_that_hangs_is_no_drop_that_may_have_happened,
                    the_other_token_path_is_tried_when_the_first_is_none,
                    the_cache_spares_the_next_run_a_fetch_and_is_the_owners_alone,
                    a_cache_that_can_not_be_written_is_told_and_no_failure,
                    the_observer_sees_neither_secret_nor_token,
                ]
            );
            cases!(
                $adapter,
                connections_are_reused,
                [
                    one_after_the_other_on_one_connection,
                    as_many_connections_as_calls_at_once,
                    not_when_the_server_says_close,
                    not_with_an_answer_on_it_that_nobody_asked_for,
                ]
            );
            cases!(
                $adapter,
                terminations_are_driven,
                [
                    every_session_is_dropped_once_and_proven_ended_with_one_listing,
                    no_more_at_once_than_the_limits_say,
                    what_the_witness_withholds_is_not_sent_and_says_why,
                    a_lost_reply_is_looked_after_and_not_repeated,
                    an_unreachable_appliance_is_reported_for_every_session,
                    what_was_not_sent_before_an_interruption_is_not_sent_after_it,
                    an_interruption_awaits_what_is_under_way_and_reports_the_rest,
                ]
            );
            cases!(
                $adapter,
                the_whole_job,
                [
                    every_generation_is_served_without_being_told_which,
                    a_clock_that_differs_is_followed_and_told,
                    an_expired_token_is_replaced,
                    a_lost_reply_is_looked_after,
                ]
            );
        }
    };
}

conformance!(pam_client, crate::conformance::adapters::Tokio);
conformance!(pam_blocking, crate::conformance::adapters::Blocking);
