//! Checks that are one query each, in words that both databases know.

use crate::direct::DirectConnection;
use crate::verify::{Report, filled};

/// A query that gives what disagrees.
pub(super) struct Check {
    /// What it is about.
    pub(super) name: &'static str,
    /// What is said of a row that it gives.
    says: &'static str,
    /// Of customers who are forgotten the rows are gone, while what was counted stays counted.
    sql: &'static str,
}

impl Check {
    /// Runs it, and reports every row.
    pub(super) fn run(
        &self,
        connection: &mut dyn DirectConnection,
        report: &mut Report<'_>,
    ) -> anyhow::Result<()> {
        connection.read(self.sql, &[], &mut |row| {
            report.add(filled(self.says, &row));
            Ok(())
        })
    }
}

/// Every such check.
pub(super) const CHECKS: &[Check] = &[
    Check {
        name: "counts of enrolments",
        says: "badge {1} of org {0}: {2} are counted, {3} are there",
        sql: "SELECT org_id, badge_id, CAST(SUM(counted) AS BIGINT), CAST(SUM(kept) AS BIGINT) FROM ( \
             SELECT org_id, badge_id, issued AS counted, 0 AS kept FROM badge_counts \
             UNION ALL SELECT org_id, badge_id, 0, issued FROM forgotten_counts \
             UNION ALL SELECT org_id, badge_id, 0, count(*) FROM enrolments \
             WHERE revoked_on IS NULL GROUP BY org_id, badge_id \
             ) AS s GROUP BY org_id, badge_id HAVING SUM(counted) <> SUM(kept) ORDER BY 1, 2",
    },
    Check {
        name: "counts of earned badges",
        says: "badge {1} of org {0}: {2} are counted, {3} are there",
        sql: "SELECT org_id, badge_id, CAST(SUM(counted) AS BIGINT), CAST(SUM(kept) AS BIGINT) FROM ( \
             SELECT org_id, badge_id, earned AS counted, 0 AS kept FROM badge_counts \
             UNION ALL SELECT org_id, badge_id, 0, earned FROM forgotten_counts \
             UNION ALL SELECT org_id, badge_id, 0, count(*) FROM earned_badges \
             WHERE revoked_on IS NULL GROUP BY org_id, badge_id \
             ) AS s GROUP BY org_id, badge_id HAVING SUM(counted) <> SUM(kept) ORDER BY 1, 2",
    },
    Check {
        name: "sums of earns",
        says: "badge {1} of org {0}, event date {2}, recorded {3} (microseconds): {4} are added up, {5} \
             are there",
        sql: "SELECT org_id, badge_id, event_on, rolls_on, CAST(SUM(counted) AS BIGINT), \
             CAST(SUM(kept) AS BIGINT) FROM ( \
             SELECT org_id, badge_id, event_on, rolls_on, earns AS counted, 0 AS kept FROM badge_earns \
             UNION ALL SELECT org_id, badge_id, event_on, \
             CASE WHEN imported THEN NULL ELSE earned_on END, 0, 1 FROM earned_badges \
             WHERE revoked_on IS NULL \
             ) AS s GROUP BY org_id, badge_id, event_on, rolls_on HAVING SUM(counted) <> SUM(kept) \
             AND NOT (SUM(counted) > SUM(kept) AND EXISTS ( \
             SELECT 1 FROM forgotten_counts f WHERE f.org_id = s.org_id AND f.badge_id = s.badge_id \
             AND f.earned > 0)) \
             ORDER BY 1, 2, 3",
    },
    Check {
        name: "sums of all earns",
        says: "badge {1} of org {0}: {2} are added up, {3} are there or were a forgotten customer's",
        sql: "SELECT org_id, badge_id, CAST(SUM(counted) AS BIGINT), CAST(SUM(kept) AS BIGINT) FROM ( \
             SELECT org_id, badge_id, earns AS counted, 0 AS kept FROM badge_earns \
             UNION ALL SELECT org_id, badge_id, 0, earned FROM forgotten_counts \
             UNION ALL SELECT org_id, badge_id, 0, count(*) FROM earned_badges \
             WHERE revoked_on IS NULL GROUP BY org_id, badge_id \
             ) AS s GROUP BY org_id, badge_id HAVING SUM(counted) <> SUM(kept) ORDER BY 1, 2",
    },
    Check {
        name: "sums of fixed windows",
        says: "badge {1} of org {0}, event dates from {2} to before {3} (microseconds): {4} are kept, {5} \
             add up",
        sql: "SELECT org_id, badge_id, starts_on, ends_on, earns, added FROM ( \
             SELECT w.org_id, w.badge_id, w.starts_on, w.ends_on, w.earns, CAST(COALESCE(( \
             SELECT SUM(e.earns) FROM badge_earns e WHERE e.org_id = w.org_id \
             AND e.badge_id = w.badge_id AND e.event_on >= w.starts_on AND e.event_on < w.ends_on \
             ), 0) AS BIGINT) AS added FROM window_counts w) AS s WHERE earns <> added \
             ORDER BY 1, 2, 3",
    },
    Check {
        name: "sums of rolling windows",
        says: "badge {1} of org {0}, recorded after {2} (microseconds): {3} are kept, {4} add up",
        sql: "SELECT org_id, badge_id, since, earns, added FROM ( \
             SELECT w.org_id, w.badge_id, w.since, w.earns, CAST(COALESCE(( \
             SELECT SUM(e.earns) FROM badge_earns e WHERE e.org_id = w.org_id \
             AND e.badge_id = w.badge_id AND e.rolls_on > w.since \
             ), 0) AS BIGINT) AS added FROM rolling_counts w) AS s WHERE earns <> added \
             ORDER BY 1, 2, 3",
    },
    Check {
        name: "earns that leave rolling windows",
        says: "badge {1} of org {0}, recorded at {2} (microseconds) or later: {3} are kept, {4} add up; \
             after it {5} and {6}",
        sql: "SELECT org_id, badge_id, leaves_on, earns_from, added_from, earns_after, added_after FROM ( \
             SELECT w.org_id, w.badge_id, w.leaves_on, w.earns_from, w.earns_after, \
             CAST(COALESCE((SELECT SUM(e.earns) FROM badge_earns e WHERE e.org_id = w.org_id \
             AND e.badge_id = w.badge_id AND e.rolls_on >= w.leaves_on), 0) AS BIGINT) AS added_from, \
             CAST(COALESCE((SELECT SUM(e.earns) FROM badge_earns e WHERE e.org_id = w.org_id \
             AND e.badge_id = w.badge_id AND e.rolls_on > w.leaves_on), 0) AS BIGINT) AS added_after \
             FROM rolling_counts w WHERE w.leaves_on > w.since) AS s \
             WHERE earns_from <> added_from OR earns_after <> added_after ORDER BY 1, 2, 3",
    },
    Check {
        name: "numbers of enrolments",
        says: "customer {1} of org {0}, badge {2}: {3} enrolments are numbered from {4} to {5}",
        sql: "SELECT org_id, customer_id, badge_id, count(*), min(ordinal), max(ordinal) \
             FROM enrolments GROUP BY org_id, customer_id, badge_id \
             HAVING min(ordinal) <> 1 OR max(ordinal) <> count(*)",
    },
    Check {
        name: "numbers of earned badges",
        says: "customer {1} of org {0}, badge {2}: {3} earned badges are numbered from {4} to {5}",
        sql: "SELECT org_id, customer_id, badge_id, count(*), min(ordinal), max(ordinal) \
             FROM earned_badges GROUP BY org_id, customer_id, badge_id \
             HAVING min(ordinal) <> 1 OR max(ordinal) <> count(*)",
    },
    Check {
        name: "overlaps of enrolments",
        says: "customer {1} of org {0}, badge {2}: the enrolments {3} and {4} hold at the same time",
        sql: "SELECT a.org_id, a.customer_id, a.badge_id, a.id, b.id \
             FROM enrolments a JOIN enrolments b ON b.org_id = a.org_id \
             AND b.customer_id = a.customer_id AND b.badge_id = a.badge_id AND b.ordinal > a.ordinal \
             WHERE a.revoked_on IS NULL AND b.revoked_on IS NULL \
             AND a.event_on < b.expires_on AND b.event_on < a.expires_on",
    },
    Check {
        name: "what earned badges rest on",
        says: "customer {1} of org {0}, badge {2}: the earned badge {3} rests on the enrolment {4}, which \
             is not there",
        sql: "SELECT e.org_id, e.customer_id, e.badge_id, e.id, e.enrolment \
             FROM earned_badges e LEFT JOIN enrolments n ON n.org_id = e.org_id \
             AND n.customer_id = e.customer_id AND n.badge_id = e.badge_id \
             AND n.ordinal = e.enrolment WHERE e.enrolment IS NOT NULL AND n.ordinal IS NULL",
    },
    Check {
        name: "ids of enrolments",
        says: "org {0}: {2} enrolments have the id {1}",
        sql: "SELECT org_id, id, count(*) FROM enrolments GROUP BY org_id, id HAVING count(*) > 1",
    },
    Check {
        name: "ids of earned badges",
        says: "org {0}: {2} earned badges have the id {1}",
        sql: "SELECT org_id, id, count(*) FROM earned_badges GROUP BY org_id, id HAVING count(*) > 1",
    },
    Check {
        name: "badges that are held",
        says: "badge {1} of org {0} is not there, but {2} enrolments and earned badges are",
        sql: "SELECT s.org_id, s.badge_id, CAST(SUM(s.held) AS BIGINT) FROM ( \
             SELECT org_id, badge_id, count(*) AS held FROM enrolments GROUP BY org_id, badge_id \
             UNION ALL SELECT org_id, badge_id, count(*) FROM earned_badges \
             GROUP BY org_id, badge_id \
             ) AS s LEFT JOIN badge_metas b ON b.org_id = s.org_id AND b.id = s.badge_id \
             WHERE b.id IS NULL GROUP BY s.org_id, s.badge_id ORDER BY 1, 2",
    },
    Check {
        name: "merged customers",
        says: "customer {1} of org {0} stands for {2}, and has {3} rows of its own, or {2} stands for another",
        sql: "SELECT org_id, customer_id, successor_id, held FROM ( \
             SELECT m.org_id, m.customer_id, m.successor_id, \
             (SELECT count(*) FROM enrolments e \
             WHERE e.org_id = m.org_id AND e.customer_id = m.customer_id) \
             + (SELECT count(*) FROM earned_badges e \
             WHERE e.org_id = m.org_id AND e.customer_id = m.customer_id) \
             + (SELECT count(*) FROM refusals r \
             WHERE r.org_id = m.org_id AND r.customer_id = m.customer_id) \
             + (SELECT count(*) FROM customer_identifiers i \
             WHERE i.org_id = m.org_id AND i.customer_id = m.customer_id) \
             + (SELECT count(*) FROM merged_customers n \
             WHERE n.org_id = m.org_id AND n.customer_id = m.successor_id) AS held \
             FROM merged_customers m) AS s WHERE held > 0 ORDER BY 1, 2",
    },
    Check {
        name: "numbers of badges",
        says: "org {0}: {1} badges are numbered up to {2}, and the last number is kept as {3}",
        sql: "SELECT b.org_id, count(*), max(b.numeric_id), n.last FROM badge_metas b \
             LEFT JOIN badge_numbers n ON n.org_id = b.org_id GROUP BY b.org_id, n.last \
             HAVING n.last IS NULL OR max(b.numeric_id) <> n.last \
             OR count(DISTINCT b.numeric_id) <> count(*)",
    },
    Check {
        name: "first ids of requests",
        says: "request {1} of org {0} has a first id that {2} of its rows are before",
        sql: "SELECT r.org_id, r.request_no, count(*) FROM ( \
             SELECT org_id, request_no, id FROM enrolments \
             UNION ALL SELECT org_id, request_no, id FROM earned_badges \
             ) AS r JOIN request_ledger l ON l.org_id = r.org_id AND l.number = r.request_no \
             WHERE l.first_id > r.id GROUP BY r.org_id, r.request_no ORDER BY 1, 2",
    },
    Check {
        name: "idempotency keys",
        says: "a key of actor {1} of org {0} names the request {2}, which the ledger does not have",
        sql: "SELECT i.org_id, i.actor, i.request_id FROM idempotency i \
             LEFT JOIN request_ledger l ON l.org_id = i.org_id AND l.operation = i.operation \
             AND l.request_id = i.request_id \
             WHERE i.request_id IS NOT NULL AND l.number IS NULL",
    },
    Check {
        name: "positions of webhooks",
        says: "webhook {1} of org {0} is at {2}, and the feed ends at {3}",
        sql: "SELECT org_id, id, reached, newest FROM ( \
             SELECT w.org_id, w.id, w.cursor AS reached, COALESCE(( \
             SELECT max(f.last_position) FROM feed f WHERE f.org_id = w.org_id), 0) AS newest \
             FROM webhooks w) AS s WHERE reached > newest",
    },
    Check {
        name: "retries of webhooks",
        says: "webhook {1} of org {0} is to be sent {2} again, and the feed ends at {3}",
        sql: "SELECT org_id, webhook_id, place, newest FROM ( \
             SELECT r.org_id, r.webhook_id, r.position AS place, COALESCE(( \
             SELECT max(f.last_position) FROM feed f WHERE f.org_id = r.org_id), 0) AS newest \
             FROM webhook_retries r) AS s WHERE place > newest",
    },
    Check {
        name: "attempts of webhooks",
        says: "webhook {1} of org {0} has made {2} attempts, and one has the number {3}",
        sql: "SELECT w.org_id, w.id, w.last_attempt, max(a.number) FROM webhooks w \
             JOIN webhook_attempts a ON a.org_id = w.org_id AND a.webhook_id = w.id \
             GROUP BY w.org_id, w.id, w.last_attempt HAVING max(a.number) > w.last_attempt",
    },
];
