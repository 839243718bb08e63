//! Which tests there are: the macro that makes one `#[test]` of every sentence.

/// Makes every test of the suite, on what `$database` gives: a fresh
/// [`Database`](crate::Database) for each test.
#[macro_export]
macro_rules! contract_tests {
    ($database:expr) => {
        $crate::__each_sentence! { $database;
            orgs {
                an_org_is_listed_as_it_was_created
                orgs_are_listed_by_number
                an_org_whose_number_is_taken_is_refused_and_the_one_that_has_it_stays
                of_orgs_that_race_for_one_number_exactly_one_wins
            }
            clients {
                a_client_is_found_as_it_was_created
                a_client_has_exactly_the_access_groups_that_it_was_given
                nobody_has_a_key_that_was_never_given
                clients_get_ascending_numbers_and_are_listed_by_them_revoked_ones_included
                a_client_of_an_unknown_org_is_refused
                a_key_is_unique_over_all_orgs_and_the_client_that_has_it_stays
                of_clients_that_race_for_one_key_exactly_one_wins
                clients_that_are_created_at_once_get_numbers_of_their_own
                while_a_secret_is_rotated_both_hold_and_then_the_second_alone
                a_rotation_that_begins_again_replaces_the_second_secret
                a_rotation_needs_a_client_and_its_end_a_second_secret
                a_revoked_client_is_still_found_and_its_secrets_stay_as_they_were
                the_moment_of_the_first_revocation_stays
                of_revocations_at_once_exactly_one_is_the_first
            }
            create_badge {
                a_new_badge_has_its_claims_in_their_order_and_no_counts
                a_name_is_unique_in_its_org_even_if_the_badge_that_has_it_is_off
                names_differ_by_every_code_point
                what_is_to_be_remembered_is_remembered_with_the_badge
                a_used_key_is_refused_and_its_record_stays
                a_used_key_comes_before_a_taken_name
                a_badge_that_is_refused_leaves_its_key_and_its_id_unused
                of_badges_that_race_for_one_name_exactly_one_wins
                of_badges_that_race_under_one_key_exactly_one_is_created
                badges_of_one_name_in_many_orgs_do_not_get_in_each_others_way
            }
            definitions {
                every_expiry_is_kept
                every_owner_and_its_claim_are_kept_in_the_order_given
                every_constraint_is_kept
                pictures_and_tags_are_kept_in_the_order_given
                benefits_are_kept_byte_for_byte
                texts_of_the_greatest_length_are_kept
                odd_texts_are_kept
                numbers_and_instants_at_their_ends_are_kept
            }
            edit_badge {
                an_edit_changes_what_it_says_and_who_updated_the_badge_when
                every_edit_raises_the_version_even_if_it_changes_nothing
                only_the_badge_that_is_meant_is_edited
                a_new_claim_is_added_as_the_last
                a_known_claim_is_set_where_it_stands
                claims_differ_by_type_and_by_every_code_point_of_the_reference
                an_edit_from_an_earlier_version_is_refused_and_writes_nothing
                an_edit_from_a_version_that_never_was_is_refused
                a_badge_that_does_not_exist_has_changed
                an_edit_is_remembered_under_its_key
                a_used_key_is_refused_before_a_changed_badge_and_nothing_is_written
                of_edits_that_race_from_one_version_exactly_one_wins
                edits_that_decide_again_until_they_win_are_all_made
                of_edits_that_race_under_one_key_exactly_one_is_made
            }
            list_badges {
                an_org_without_badges_has_an_empty_list
                a_listed_badge_is_whole_and_has_its_counts
                statuses_refer_to_the_moment_of_the_query_and_any_of_them_may_apply
                badges_are_filtered_by_earn_type_and_by_activity
                badges_are_filtered_by_each_of_their_owners
                only_active_claims_make_a_badge_claimed
                a_start_then_or_later_and_an_end_then_or_earlier_are_included
                badges_that_start_at_one_moment_are_sorted_by_id_in_the_same_order
                ids_are_sorted_by_their_bytes
                pages_follow_each_other_without_gap_and_end_empty
                every_filter_must_apply_and_the_total_counts_what_all_pages_show
            }
            list_names {
                a_name_is_found_by_any_part_of_it_whatever_its_case
                no_character_of_a_name_filter_has_a_special_meaning
                case_is_ignored_beyond_ascii_as_unicode_lower_case_has_it
                the_longest_name_is_found_by_the_longest_part
                names_are_sorted_by_code_point
            }
            enrol {
                everybody_is_enrolled_in_the_order_of_the_request_with_the_id_of_its_position
                a_status_refers_to_the_moment_of_the_request
                who_is_refused_gets_the_existing_enrolment_and_its_status_and_the_rest_are_enrolled
                a_request_whose_customers_are_all_refused_is_carried_out
                what_was_carried_out_is_in_the_ledger_and_remembered_under_its_key
                instants_at_their_ends_are_kept
                ten_thousand_customers_are_enrolled_at_once_half_of_them_again
                an_empty_batch_does_nothing
            }
            overlap {
                whoever_holds_a_moment_of_the_wanted_period_is_refused_and_nobody_else
                one_microsecond_in_common_is_enough
                a_customer_may_hold_several_one_after_another_also_backwards_in_time
                of_several_in_the_way_the_one_with_the_earliest_event_date_is_named
                enrolments_of_other_customers_badges_and_orgs_are_in_nobodys_way
                a_request_may_find_some_free_some_refused_and_some_free_after_an_earlier_one
            }
            refused {
                a_request_from_an_earlier_version_is_refused_and_leaves_nothing
                a_request_from_a_version_that_never_was_is_refused
                a_badge_that_does_not_exist_has_changed
                a_used_request_id_is_refused_and_leaves_its_key_unused
                a_used_key_is_refused_and_leaves_its_request_id_unused
                a_used_key_comes_before_a_used_request_id_and_both_before_a_changed_badge
                request_ids_differ_by_every_code_point_and_belong_to_an_org
            }
            batches {
                each_request_is_answered_at_its_position
                of_each_request_all_or_nothing_is_recorded_whatever_becomes_of_the_others
                requests_of_one_badge_keep_their_own_periods
                clients_may_use_the_same_key_and_orgs_the_same_id_in_one_batch
                a_batch_of_a_hundred_requests_is_carried_out
            }
            races {
                each_customer_has_exactly_one_winner_and_all_losers_name_it
                of_requests_with_one_id_exactly_one_is_carried_out
                of_requests_with_one_key_exactly_one_is_carried_out
                a_key_is_used_by_one_of_many_kinds_of_request
                periods_that_do_not_overlap_are_all_recorded_at_once_also_backwards_in_time
                of_overlapping_periods_those_recorded_never_overlap_and_each_loser_names_one
            }
            crossing {
                batches_that_cross_end_with_one_winner_for_each_customer
                batches_that_share_request_ids_crosswise_carry_each_id_out_once
                batches_that_share_keys_crosswise_carry_each_key_out_once
            }
            edit_races {
                once_a_deactivation_has_returned_nothing_is_recorded_from_before_it
                once_a_claim_is_taken_back_nothing_is_recorded_from_before
                edits_and_enrolments_of_one_badge_all_get_through
                edits_of_one_badge_do_not_refuse_enrolments_of_another
            }
            counts {
                only_those_who_were_enrolled_count_and_only_for_their_badge
                a_sweep_changes_no_count
                counts_are_exact_while_many_enrol_and_others_sweep
                a_count_includes_what_returned_before_it_was_asked
            }
            snapshots {
                a_badge_and_its_counts_are_found_as_of_one_moment
                a_badge_and_its_counts_are_listed_as_of_one_moment
                who_sees_a_request_in_the_ledger_sees_its_answer_its_key_and_its_counts
            }
            preview {
                everybody_who_would_be_enrolled_is_shown_as_such_in_order_and_nothing_is_recorded
                a_preview_refuses_whom_enrolling_would_refuse
                a_preview_of_a_touching_period_refuses_nobody
                another_orgs_enrolments_do_not_show
                ten_thousand_customers_are_previewed_at_once
            }
            ledger {
                an_id_is_used_once_its_request_was_carried_out
                an_answer_keeps_the_statuses_of_the_moment_and_outlives_every_change
                ids_are_found_as_they_were_written_only
                an_answer_about_ten_thousand_customers_is_found_whole
            }
            idempotency {
                a_new_key_stands_for_nothing
                every_answer_is_remembered_as_it_was_given
                keys_differ_by_every_character_and_may_have_all_that_can_be_printed
                a_key_belongs_to_its_client
                a_key_is_remembered_until_it_expires_and_not_at_that_moment
                a_key_that_expires_when_it_is_used_again_is_replaced_and_a_moment_earlier_refused
                an_expired_key_is_replaced_by_an_edit
                an_expired_key_is_replaced_by_an_enrolment
                a_refused_request_does_not_replace_an_expired_key
                of_requests_that_race_to_replace_an_expired_key_exactly_one_wins
                keys_are_text_not_numbers
            }
            housekeeping {
                a_sweep_of_nothing_finds_nothing
                a_sweep_forgets_the_keys_that_have_expired_and_says_how_many
                a_sweep_changes_no_answer
                several_servers_sweep_at_once_and_forget_each_key_once
            }
            health {
                a_migrated_store_can_work
                there_are_no_more_connections_than_may_be_and_no_more_idle_than_open
            }
            tenants {
                another_orgs_badge_is_not_found_listed_or_counted
                another_orgs_badge_cannot_be_edited
                nobody_is_enrolled_for_another_orgs_badge
                another_orgs_requests_are_unknown
                each_org_lists_its_own_badges
            }
            two_servers {
                what_one_server_wrote_the_other_reads
            }
            random_walk {
                random_steps_are_answered_as_in_memory
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __each_sentence {
    ($database:expr; $($port:ident { $($sentence:ident)* })*) => {$(
        mod $port {
            #[allow(unused_imports)]
            use super::*;

            $(
                #[test]
                fn $sentence() {
                    $crate::suite::$port::$sentence(&$crate::World::on($database));
                }
            )*
        }
    )*};
}
