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
            earn {
                everybody_earns_in_the_order_of_the_request_with_the_id_of_its_position
                who_has_no_enrolment_that_covers_the_event_date_is_refused_and_the_rest_earn
                the_first_moment_of_an_enrolment_is_covered_and_its_last_is_not
                an_earn_rests_on_the_one_of_several_enrolments_that_covers_its_event_date
                a_revoked_enrolment_covers_nothing_and_another_in_its_place_does
                an_enrolment_for_another_badge_or_of_another_customer_covers_nothing
                what_was_earned_is_in_the_ledger_and_remembered_under_its_key
                an_earn_is_found_as_it_was_recorded
                an_earn_may_expire_before_it_is_recorded
                a_batch_whose_customers_are_all_refused_is_carried_out
                a_batch_without_any_known_customer_is_carried_out
                a_single_customer_who_is_refused_leaves_nothing_but_the_refusal
                an_enrolment_is_not_used_up_by_earning
                another_orgs_badge_cannot_be_earned
                ten_thousand_customers_earn_at_once_half_of_them_again_under_every_kind_of_limit
            }
            earn_batches {
                an_empty_batch_of_earns_does_nothing
                each_request_to_earn_is_answered_at_its_position_with_its_own_ids
                room_is_dealt_out_in_the_order_of_the_batch
                a_refused_earn_among_others_leaves_nothing_but_its_refusal
                who_is_not_enrolled_among_others_leaves_nothing_but_the_refusal
                a_batch_of_earns_that_are_all_refused_leaves_their_refusals
                a_used_key_or_request_id_of_one_earn_is_no_concern_of_the_others
                of_a_badge_that_has_changed_no_request_of_the_batch_is_carried_out
                requests_of_a_batch_end_as_they_would_one_by_one
                a_batch_of_a_badge_with_a_rolling_limit_is_recorded_at_one_moment
                a_batch_of_a_hundred_earns_is_carried_out
                batches_and_single_earns_that_race_take_exactly_the_last_places
                batches_of_earns_that_share_keys_and_ids_crosswise_carry_each_out_once
            }
            earn_refused {
                an_earn_from_an_earlier_version_is_refused_and_leaves_nothing
                an_earn_of_a_badge_that_does_not_exist_has_changed
                of_the_reasons_not_to_carry_an_earn_out_the_first_is_given
                each_operation_has_request_ids_of_its_own
                requests_with_one_id_are_found_by_the_moment_of_each
                a_request_id_that_another_org_used_is_free
            }
            limits {
                a_badges_limit_of_every_kind_is_filled_to_the_last_place_and_not_further
                a_customers_limit_of_every_kind_is_each_customers_own
                with_room_for_three_the_first_three_of_five_get_it
                who_is_refused_for_another_reason_takes_no_room
                all_limits_must_have_room_and_the_first_without_is_named
                a_refused_single_customer_gets_the_same_code_as_in_a_batch
                a_revoked_earn_gives_back_exactly_one_place_under_every_limit
                fixed_windows_count_by_the_event_date_and_each_window_has_its_own_room
                a_customers_windows_count_by_the_event_date_too
                earns_of_other_badges_and_orgs_take_no_room
                a_limit_that_a_live_badge_did_not_have_counts_what_was_earned_before
                a_limit_that_was_taken_off_and_put_on_again_counts_what_was_earned_between
                a_limit_that_is_raised_opens_and_one_that_is_lowered_stays_shut_until_there_is_room
                the_configuration_that_governs_the_event_date_counts
                a_window_whose_cycle_is_changed_at_once_counts_what_the_new_one_holds
                imports_take_room_under_fixed_limits_and_none_under_rolling_ones
                imports_are_refused_by_no_limit_and_a_revoked_one_gives_its_place_back
                an_import_counts_in_the_window_of_its_event_date
                counts_are_of_the_limits_that_are_asked_for_in_their_order
            }
            rolling {
                an_earn_exactly_at_the_start_of_the_window_no_longer_counts
                months_are_of_the_calendar_in_the_zone_of_the_request
                the_event_date_does_not_matter
                a_window_says_when_it_opens_again
                where_more_count_than_may_it_opens_when_enough_have_left
                where_the_batch_itself_took_the_last_place_it_opens_when_the_oldest_leaves
                a_badge_with_a_rolling_limit_never_records_backwards
                the_ledger_and_refusals_have_the_moment_of_the_request
                a_rolling_window_reaches_back_from_the_moment_of_recording
                a_single_customer_is_judged_at_the_moment_of_recording_too
                without_a_rolling_limit_of_the_badge_the_moment_of_the_request_is_recorded
                an_import_neither_counts_nor_sets_the_last_moment
                a_rolling_limit_that_is_new_takes_the_last_moment_from_earlier_earns
                several_windows_of_one_customer_must_all_have_room
                a_rolling_window_of_a_busy_badge_is_filled_again_and_again
            }
            limit_races {
                single_earns_fill_a_badges_fixed_value_exactly
                single_earns_fill_a_badges_fixed_window_exactly
                single_earns_fill_a_badges_rolling_window_exactly
                single_earns_fill_the_narrowest_of_several_limits_exactly
                batches_fill_a_limit_to_the_last_place_and_each_in_its_order
                batches_and_single_earns_mixed_fill_a_limit_exactly
                a_customers_fixed_value_is_filled_exactly_for_each_customer
                a_customers_windows_side_by_side_are_filled_exactly_for_each_customer
                customer_and_badge_limits_hold_together
                each_window_of_a_badge_is_filled_exactly_while_others_are_too
                what_is_revoked_meanwhile_makes_room_for_exactly_as_many
                a_place_that_is_given_back_is_taken_by_exactly_one_of_many
                a_limit_that_is_added_while_a_badge_is_earned_is_never_exceeded
                imports_meanwhile_are_all_recorded_and_all_counted
                limited_badges_do_not_get_in_each_others_way
                recorded_moments_of_a_rolling_badge_never_run_backwards
                rolling_windows_hold_while_clocks_differ
                batches_that_cross_all_get_through
            }
            earn_races {
                of_earns_with_one_request_id_exactly_one_is_carried_out
                of_earns_with_one_key_exactly_one_is_carried_out
                a_key_is_used_by_one_of_an_earn_an_enrolment_an_import_and_a_revocation
                nothing_is_earned_by_virtue_of_an_enrolment_whose_revocation_has_returned
                batches_of_earns_and_of_revocations_that_cross_all_get_through
                once_a_deactivation_has_returned_nothing_is_earned_from_before_it
                of_revocations_of_one_earn_exactly_one_wins
                of_revocations_of_one_enrolment_exactly_one_wins
                counts_are_exact_while_many_earn_revoke_import_and_sweep
                refusals_at_once_are_remembered_ten_a_customer
            }
            revoke_earn {
                a_revoked_earn_is_not_active_counts_no_more_and_stays_in_the_details
                a_revocation_is_in_the_ledger_and_remembered_under_its_key
                a_revocation_without_request_id_is_remembered_under_its_key_alone
                of_the_reasons_not_to_revoke_an_earn_the_first_is_given_and_nothing_is_written
                an_earn_of_another_customer_badge_or_org_is_not_revoked
            }
            revoke_enrolments {
                all_enrolments_of_a_customer_are_revoked_in_the_order_in_which_they_were_recorded
                the_enrolment_that_is_named_is_revoked_and_no_other
                each_target_has_its_outcome_in_its_order
                a_revoked_enrolment_is_found_as_such_and_stands_in_nobodys_way
                revoking_enrolments_is_in_the_ledger_and_remembered_under_its_key
                of_the_reasons_not_to_revoke_enrolments_the_first_is_given_and_nothing_is_written
                a_revocation_of_enrolments_without_request_id_may_be_repeated
                another_orgs_enrolments_are_not_revoked
                a_preview_of_revocations_says_the_same_and_writes_nothing
                a_target_that_an_earlier_one_of_the_request_revoked_has_nothing_left
                many_enrolments_are_revoked_at_once
            }
            imports {
                imports_are_found_as_they_were_recorded_the_last_first
                an_import_is_in_the_ledger_and_remembered_under_its_key
                of_the_reasons_not_to_import_the_first_is_given_and_nothing_is_written
                one_import_may_be_of_several_badges
                an_import_without_items_is_carried_out
                imports_with_one_request_id_that_race_are_recorded_once
                ten_thousand_earns_are_imported_at_once
            }
            refusals {
                a_refusal_is_remembered_with_its_reason_its_time_and_the_event_date
                a_refusal_of_a_single_customer_is_remembered_too
                the_ten_that_were_refused_last_are_remembered_the_last_first
                refusals_are_each_customers_and_badges_own
                a_request_that_is_not_carried_out_for_another_reason_leaves_no_refusal
            }
            earn_preview {
                a_preview_says_who_would_earn_by_virtue_of_which_enrolment
                a_preview_refuses_whom_earning_would_refuse_in_the_same_words
                a_preview_records_nothing_no_refusal_either
                a_preview_looks_at_neither_keys_nor_the_version
            }
            revise_badge {
                a_definition_is_replaced_as_a_whole_and_claims_and_activity_stay
                custom_values_are_kept_when_a_badge_is_created
                a_definition_may_come_with_an_activity
                counts_stay_when_a_definition_is_replaced
                a_badge_cannot_get_the_name_of_another_of_its_org_but_may_keep_its_own
                a_name_that_a_badge_gave_up_is_free
                a_changed_badge_comes_before_a_taken_name_and_a_used_key_before_both
                of_badges_that_race_for_one_new_name_exactly_one_wins
                definitions_and_claims_that_race_are_all_made_by_who_decides_again
                several_badges_are_found_at_once_each_once_and_only_the_orgs_own
                a_request_that_had_nothing_to_change_is_remembered_once
                an_expired_key_is_replaced_by_what_is_remembered
                of_requests_with_one_key_that_had_nothing_to_change_exactly_one_is_remembered
            }
            groups {
                a_group_is_found_as_it_was_created
                a_groups_name_is_unique_among_the_active_ones_of_its_org_by_code_point
                a_change_of_a_group_replaces_it_if_it_is_still_what_it_was
                a_group_that_does_not_exist_has_changed
                a_group_cannot_get_the_name_of_another_active_one_but_may_keep_its_own
                a_group_that_is_removed_takes_no_name
                a_change_of_a_group_comes_before_a_taken_name_and_a_used_key_before_both
                a_removed_group_is_found_as_such_and_badges_lose_it_and_keep_their_rank
                badges_show_their_group_as_it_is_now
                badges_are_filtered_by_their_group_while_it_is_active
                active_groups_are_listed_by_rank_then_by_id_page_by_page
                another_orgs_group_is_not_found
                of_groups_that_race_for_one_name_exactly_one_wins
                of_changes_of_a_group_that_race_exactly_one_wins
            }
            custom_fields {
                a_field_of_every_type_is_found_as_it_was_created
                a_fields_name_is_unique_among_the_active_ones_of_its_org_by_code_point
                a_change_of_a_field_replaces_it_if_it_is_still_what_it_was
                a_field_that_does_not_exist_has_changed
                a_field_cannot_get_the_name_of_another_active_one_but_may_keep_its_own
                a_field_that_is_disabled_takes_no_name
                a_change_of_a_field_comes_before_a_taken_name_and_a_used_key_before_both
                active_fields_are_those_of_the_org_that_are_not_disabled
                fields_are_listed_by_their_last_update_and_then_by_id_page_by_page
                another_orgs_field_is_not_found
                of_fields_that_race_for_one_name_exactly_one_wins
                of_changes_of_a_field_that_race_exactly_one_wins
            }
            directory {
                identifiers_of_every_kind_name_their_customer_by_position
                one_text_may_be_an_identifier_of_each_kind
                e_mail_addresses_are_compared_in_lower_case_and_the_others_by_code_point
                blanks_around_an_identifier_do_not_matter
                what_an_entry_leaves_out_the_customer_loses
                the_same_entry_may_be_put_again
                identifiers_may_move_between_customers_of_one_request
                every_identifier_that_is_taken_is_named_and_nothing_is_written
                of_two_entries_with_one_identifier_the_later_is_named
                each_org_has_a_directory_of_its_own
                a_put_is_remembered_under_its_key_which_comes_before_what_is_taken
                of_puts_that_race_for_one_identifier_exactly_one_wins
                puts_that_cross_leave_each_identifier_with_one_customer
                ten_thousand_customers_are_put_and_found_at_once
            }
            customer_types {
                badges_to_enrol_for_are_active_live_and_not_enrolled_for
                badges_to_earn_are_active_live_and_direct_or_enrolled_for
                an_enrolment_that_holds_now_makes_a_badge_one_to_earn
                an_enrolment_for_a_badge_that_is_off_or_has_ended_makes_it_none_to_earn
                earned_badges_have_an_earn_that_has_not_expired_and_expired_ones_only_others
                an_earned_badge_stays_earned_when_it_is_off_has_ended_or_is_enrolled_for_no_more
                each_customer_has_a_list_of_its_own_and_each_org_its_badges
            }
            customer_lists {
                a_badge_is_shown_whole_with_its_group_and_a_standing_of_nothing
                a_standing_has_the_enrolment_that_holds_now_else_the_one_recorded_last
                a_standing_counts_earns_that_are_not_revoked
                a_list_refers_to_the_moment_that_is_asked_for
                every_filter_must_apply
                a_removed_group_has_no_badges
                ranks_sort_by_group_then_by_badge_then_by_expiry_whatever_the_order
                every_sort_has_what_it_lacks_last_and_equal_ones_by_id_descending
                an_earn_that_expires_now_has_expired
                revoked_earns_neither_show_nor_sort
                pages_of_a_customers_list_follow_each_other_and_end_empty
                many_earns_of_many_badges_are_listed_with_their_counts
            }
        }
        $crate::enrolment_contract_tests!($database);
    };
}

/// Makes those tests of the suite that are about recording enrolments: for an adapter that can
/// record them in several ways.
#[macro_export]
macro_rules! enrolment_contract_tests {
    ($database:expr) => {
        $crate::__each_sentence! { $database;
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
                orgs_may_use_the_same_key_and_the_same_id_and_share_no_batch
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
            random_walk {
                random_steps_are_answered_as_in_memory
                lists_of_a_customers_badges_are_what_the_details_of_all_badges_say
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
