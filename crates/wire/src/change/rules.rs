//! The rules of an org.

use accolade_domain::approval::{ApprovalRules, Approvals, ExpiresAfter, Rule, RuledOperation};
use accolade_domain::rejection::Code;

use crate::answer::answer;
use crate::json::{Field, body};
use crate::words::RuledOperationName;

/// The most rules that a body may have: each of them, several times over.
const MOST_RULES: usize = 100;

body! {
    /// What is to wait for approval: it replaces what there was.
    #[schema(as = ApprovalRulesRequest)]
    pub struct RulesRequestBody {
        /// The rules, one for each operation at most. Without any nothing waits.
        rules: Vec<RuleRequestBody> => rules = read(fields.field(name).required()),
    }
    parse(fields, name) -> Vec<Rule> {
        rules
    }
}

body! {
    /// What is to wait for approval of one operation.
    #[schema(as = ApprovalRuleRequest)]
    pub struct RuleRequestBody {
        /// The operation.
        operation: RuledOperationName => operation = fields.field(name)
            .required()
            .word(RuledOperation::ALL, RuledOperation::name),
        /// Commands of so many customers or rows pass. Absent: 0.
        #[schema(minimum = 0, maximum = 4_294_967_295_u32, example = 100)]
        aboveRows: Option<u32> => above_rows = Some(fields.field(name)
            .integer_within(0, i64::from(u32::MAX))),
        /// How many approvals it needs: 1 to 5. Absent: 1.
        #[schema(minimum = 1, maximum = 5, example = 1)]
        approvals: Option<u32> => approvals = Some(fields.field(name).integer_within(1, 5)),
        /// For how many seconds it waits. Absent: a week.
        #[schema(minimum = 1, maximum = 4_294_967_295_u32, example = 604_800)]
        expiresAfter: Option<u32> => expires_after = Some(fields.field(name)
            .integer_within(1, i64::from(u32::MAX))),
    }
    read(fields, name) -> Rule {
        Rule {
            operation,
            above_rows: above_rows.and_then(|it| u32::try_from(it).ok()).unwrap_or(0),
            approvals: approvals
                .and_then(|it| Approvals::try_from(it).ok())
                .unwrap_or(Approvals::ONE),
            expires_after: expires_after
                .and_then(|it| ExpiresAfter::try_from(it).ok())
                .unwrap_or(ExpiresAfter::WEEK),
        }
    }
}

fn read(field: Field<'_, '_>) -> Option<Vec<Rule>> {
    let rules = field.list(MOST_RULES, Code::Unreadable)?;
    let rule = |element: Field<'_, '_>| element.object_as(RuleRequestBody::read);
    Some(rules.filter_map(rule).collect())
}

answer! {
    /// What waits for approval in an organisation.
    #[schema(as = ApprovalRules)]
    pub struct RulesBody {
        /// The rules.
        rules: Vec<RuleBody> = rules.as_slice().iter().map(RuleBody::new).collect(),
    }
    new(rules: &ApprovalRules) {}
}

answer! {
    /// What waits for approval of one operation.
    #[schema(as = ApprovalRule)]
    pub struct RuleBody {
        /// The operation.
        #[schema(value_type = RuledOperationName)]
        operation: &'static str = rule.operation.name(),
        /// Commands of so many customers or rows pass.
        #[schema(example = 100)]
        aboveRows: u32 = rule.above_rows,
        /// How many approvals it needs.
        #[schema(example = 1)]
        approvals: u8 = rule.approvals.get(),
        /// For how many seconds it waits.
        #[schema(example = 604_800)]
        expiresAfter: u32 = rule.expires_after.seconds(),
    }
    new(rule: &Rule) {}
}
