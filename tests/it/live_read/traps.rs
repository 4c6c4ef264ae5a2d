//! The traps of the platform that concern the client, how the fake springs them, and the tests that show the client's way out.
//! Each of these tests fails when that way out is taken away.
//!
//! "always" says that the fake behaves so without being told to. A switch is a name of the fake; `Fault::on` with a
//! `FaultKind` is told one request. Tests are here, in `tests/it/apply`, in `tests/it/cli`, and, where time or chance decide,
//! in `src/zendesk`.
//!
//! | trap | switch | tests |
//! | --- | --- | --- |
//! | pages by offset end at 10,000 records | always | `more_than_ten_thousand_records_are_no_end`, `pages_follow_the_cursor_on_our_own_base_url` |
//! | the first page is not all | always | `every_page_of_everything_is_read_with_each_kind_of_credential` |
//! | `page[size]` on single objects, `show_many` and counts is refused | always | `what_the_lists_did_not_bring_is_fetched_by_id`, `a_count_is_an_estimate_however_wrong_and_can_be_done_without` |
//! | `page[size]` is ignored | `IgnorePageSize` | `odd_pages_that_are_right_are_read` |
//! | the end is `end_of_stream` or `has_more`, and links go on after it | always | `every_page_of_everything_is_read_with_each_kind_of_credential`, `a_page_that_does_not_say_how_to_go_on_ends_the_read` |
//! | a page does not say whether more follow | `MissingEnd` | `a_stream_that_does_not_prove_its_end_is_an_error` |
//! | a cursor that does not advance | `CursorStuck` | `a_stream_that_does_not_prove_its_end_is_an_error`, `a_cursor_that_was_used_before_ends_the_read` |
//! | `has_more` without a cursor | `HasMoreWithoutCursor` | `a_stream_that_does_not_prove_its_end_is_an_error`, `an_incomplete_read_leaves_no_run` |
//! | pages that go on and bring nothing new | `EndlessExport` | `a_stream_that_does_not_prove_its_end_is_an_error`, `ten_pages_without_news_end_the_read_and_nine_do_not` |
//! | an empty page in the middle | `EmptyPage` | `odd_pages_that_are_right_are_read`, `an_agent_gets_the_tickets_from_the_search_whatever_its_pages_look_like` |
//! | the wrong envelope | `MissingEnvelope` | `a_stream_that_does_not_prove_its_end_is_an_error`, `an_incomplete_read_leaves_no_run` |
//! | a record comes twice | `RepeatRows` | `a_record_that_came_twice_counts_once_in_its_later_form` |
//! | … in two forms, of which the later `updated_at` counts | `RepeatChanged` | `whichever_form_of_a_record_is_the_later_one_counts` |
//! | counts are old, wrong or closed | `CountStale` | `a_count_is_an_estimate_however_wrong_and_can_be_done_without` |
//! | 429 as JSON, as text, as `errors`; `Retry-After` in seconds, as a date, absent | `too_many` | `rate_limits_in_every_shape_are_waited_for`, `retry_after_is_obeyed_in_both_forms` |
//! | 429 while the account has calls left | `Bucket`, `told` | `a_limit_that_no_header_tells_of_is_obeyed_though_the_account_has_calls_left`, `what_is_left_of_the_account_does_not_shorten_a_wait_that_an_endpoint_asks_for` |
//! | limits of one endpoint, told by a header of its own | `Bucket` | `an_endpoint_that_is_used_up_is_waited_for_though_the_account_has_calls_left`, `a_named_window_holds_for_its_endpoint` |
//! | the account's limit is shared with others | `Limits` | `a_part_of_the_rate_limit_is_left_to_others`, `the_streams_together_leave_the_reserve` |
//! | waiting for ever after failures, or giving up while keeping pace | `too_many` | `a_wait_that_is_too_long_ends_at_once`, `a_request_is_tried_eight_times_and_no_more`, `ten_minutes_without_a_good_page_are_all`, `keeping_pace_is_no_silence` |
//! | 503 with and without `Retry-After`, 5xx, 409 | `status`, `status_retry_after` | `passing_failures_are_tried_again`, `failures_of_the_rarer_kinds_are_tried_again_too` |
//! | resets before and within the answer | `ResetBefore`, `ResetMidBody`, `ResetUnread` | `passing_failures_are_tried_again`, `what_goes_wrong_has_its_fault` |
//! | answers that stall or come late | `StallMidBody`, `Slow` | `passing_failures_are_tried_again`, `a_body_that_stalls_times_out` |
//! | 200 with HTML or with half a JSON | `NotJson`, `TruncatedJson` | `passing_failures_are_tried_again`, `whatever_may_pass_is_tried_again` |
//! | export pages that are too big | `status`, `Slow` | `an_export_page_that_is_too_big_is_asked_for_in_smaller_steps` |
//! | a redirect to another host | `RedirectTo`, `Foreign` | `no_credential_follows_a_link_or_a_redirect` |
//! | `links.next` and `after_url` on another host | `ForeignNextLink`, `Foreign` | `no_credential_follows_a_link_or_a_redirect`, `passing_faults_do_not_change_the_result` |
//! | refusals in five envelopes and any language | `json` | `a_refusal_is_told_in_every_shape_and_language`, `every_shape_of_an_error_yields_code_and_text` |
//! | a refusal that repeats a secret | `json` | `an_error_shows_no_secret`, `an_error_shows_no_granted_token_either` |
//! | a token dies in the middle | `TokenExpiresNow`, `uses` | `a_token_that_dies_in_the_middle_is_replaced_if_it_was_granted_and_named_if_not`, `streams_whose_token_dies_together_ask_for_one_new_token` |
//! | a token lives for less than the read | `announced_secs`, `lifetime` | `a_short_grant_is_renewed_before_it_ends`, `a_token_is_renewed_before_it_expires` |
//! | a grant without `expires_in` | `omit_expires_in` | `a_grant_that_does_not_say_how_long_it_lasts_is_used_until_it_is_refused` |
//! | a scope is refused, or granted and opens nothing | `lenient_scopes` | `a_scope_that_the_client_may_not_have_is_named`, `a_lenient_grant_that_opens_nothing_is_explained_at_the_first_list` |
//! | `users/me` answers strangers with 200 | always | `a_stranger_is_not_logged_in_although_the_answer_is_200` |
//! | exports are for admins: search, then the list, which lacks archived tickets | `Role` | `where_the_export_is_refused_the_search_is_asked_then_the_list`, `each_source_of_tickets_is_recorded_and_the_list_is_warned_of`, `the_list_leaves_archived_tickets_out_and_says_so` |
//! | the search index lags: it lacks what is new, and still has what is deleted | `unindexed`, `index_only` | `what_the_search_index_does_not_have_yet_comes_from_the_incremental_export`, `many_tickets_come_from_the_search_and_the_latest_from_the_incremental_export` |
//! | a search cursor expires | `CursorExpired` | `a_search_whose_cursor_expires_begins_again_once`, `an_expired_cursor_begins_its_list_again_once`, `a_cursor_that_has_expired_begins_its_list_again_and_no_other` |
//! | search wants `filter[type]`, and no `type:` | always | `an_agent_gets_the_tickets_from_the_search_whatever_its_pages_look_like` |
//! | AI agents' tickets and deleted ones, unless every request says so | `support_type` | `every_page_of_the_export_states_its_parameters` |
//! | the export brings rows from before the window, and deleted ones | `generated_timestamp` | `rows_that_the_export_brings_from_before_the_window_are_left_out` |
//! | tickets jump in the list while it is read | `grow` | `a_ticket_that_jumps_to_the_head_of_the_list_is_not_lost`, `a_ticket_that_jumps_while_the_head_is_read_is_not_lost` |
//! | records are made and deleted while they are read | `grow` | `what_is_made_while_a_list_is_read_comes_with_it_or_is_fetched_by_id`, `what_is_deleted_while_it_is_read_is_asked_for_once_and_left_out`, `a_page_loses_no_record_when_one_before_it_is_deleted` |
//! | records refer to what no list shows | `unlisted` | `what_the_lists_did_not_bring_is_fetched_by_id`, `what_was_referred_to_is_fetched_until_nothing_is_missing` |
//! | `default` is `true` or null | always | `a_membership_that_is_not_the_default_says_null` |
//! | any field may be null | `NullFields` | `every_field_that_may_be_null_may_be_null`, `a_flag_that_is_null_is_what_zendesk_means_by_it` |
//! | external ids of digits | always | `external_ids_of_digits_are_texts_and_a_number_is_none` |
//! | ids beyond 2^53 − 1 | `HugeId` | `an_id_that_json_cannot_carry_is_an_error`, `an_incomplete_read_leaves_no_run` |
//! | `multiple_organizations` cannot be read | `Settings` | `a_setting_that_may_not_be_read_is_unknown_and_said` |
//! | external ids compare without case, and 15 characters are 18 | always | `a_precondition_that_changed_since_the_audit_skips_the_action` |
//! | `domain_names` replaces the whole list, also what somebody else put there meanwhile | `meanwhile`, `grow` | `an_update_that_somebody_else_undoes_is_told` |
//! | two organizations may hold one domain | always | `a_precondition_that_changed_since_the_audit_skips_the_action` |
//! | a new domain takes users in by itself, at once, later or never | `Mapping` | `a_domain_pulls_users_in_at_once_later_or_never` |
//! | a second membership may replace the first | `SecondMembership` | `where_a_second_membership_would_replace_the_first_none_is_made` |
//! | 422 for what is there already | `json_error` | `an_error_answer_is_a_failure_unless_the_effect_is_there` |
//! | a write that was lost, or answered and did not take | `after_acting`, `NotTaken` | `an_unknown_outcome_is_settled_by_reading_and_never_sent_again` |
//! | five updates a minute of one organization | `organization_updates` | `writes_go_at_one_a_second_and_five_a_minute_for_one_organization`, `a_429_is_waited_for_and_sent_again_with_a_fresh_look` |

use std::path::Path;

/// The sources of a folder and those below it, one after the other.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&std::fs::read_to_string(&path).expect("a source"));
        }
    }
    text
}

#[test]
fn every_trap_names_switches_and_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fake = sources(&root.join("tests/it/fake_zendesk"));
    let tests = sources(&root.join("tests/it")) + &sources(&root.join("src"));
    let rows: Vec<Vec<&str>> = include_str!("traps.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .skip(2)
        .map(|row| row.trim_end_matches(" |").split(" | ").collect())
        .collect();
    assert!(rows.len() > 40);
    for row in rows {
        let [trap, switches, named] = row[..] else { panic!("three cells: {row:?}") };
        for switch in switches.split(", ").filter(|switch| *switch != "always") {
            let name = switch.trim_matches('`');
            let known = [
                format!("pub fn {name}"),
                format!("pub {name}:"),
                format!("pub enum {name}"),
                format!("pub struct {name}"),
            ];
            let known = known.iter().any(|known| fake.contains(known))
                // A kind of fault, or a mark of a record.
                || fake.contains(&format!("    {name}"))
                || fake.contains(&format!("\"{name}\""));
            assert!(known, "{trap}: there is no {switch}");
        }
        for test in named.split(", ") {
            let test = test.trim_matches('`');
            assert!(tests.contains(&format!("fn {test}() {{")), "{trap}: there is no test {test}");
        }
    }
}
