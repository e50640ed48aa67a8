//! Who may do what, and where.

use membership::{CardAction, CardPolicy, Door, Role, Scope, scopes_of};

use crate::{outcome, same};

/// The whole standard policy, read through `permits`: by action the doors, and the roles at each.
#[test]
fn the_standard_policy() {
    let policy = CardPolicy::standard();
    let mut text = String::new();
    for action in CardAction::all() {
        let may = |role, door| policy.permits(role, door, action).is_ok();
        let doors =
            Door::ALL.into_iter().filter(|&door| Role::ALL.into_iter().any(|r| may(r, door)));
        let roles =
            Role::ALL.into_iter().filter(|&role| Door::ALL.into_iter().any(|d| may(role, d)));
        let listed = |names: Vec<String>| names.join(" ");
        let doors = listed(doors.map(|door| door.to_string()).collect());
        let roles = listed(roles.map(|role| role.to_string()).collect());
        text.push_str(&format!("{action}: {doors} | {roles}\n"));
    }
    same(
        &text,
        "identify: till office site app call_centre partner | administrator privacy_officer operator partner
         prepare: office | administrator operator
         issue: till office site app partner | administrator operator partner
         activate: till office site app call_centre partner | administrator operator partner
         suspend: office site app call_centre | administrator operator
         resume: office call_centre | administrator operator
         block: till office site app call_centre | administrator operator
         unblock: office | administrator operator
         replace: till office | administrator operator
         close: office | administrator privacy_officer operator
         expire: office | administrator",
    );
}

#[test]
fn a_refusal_says_what_it_needs() {
    let policy = CardPolicy::standard();
    let emptied = CardPolicy { rows: [].into() };
    for (policy, role, door, action, expected) in [
        (&policy, "operator", "till", "block", "permitted"),
        (
            &policy,
            "operator",
            "till",
            "unblock",
            "unblock is not permitted to the role operator through the door till; it needs the door office",
        ),
        (
            &policy,
            "marketer",
            "office",
            "unblock",
            "unblock is not permitted to the role marketer through the door office; it needs the role administrator or operator",
        ),
        (
            &policy,
            "marketer",
            "till",
            "unblock",
            "unblock is not permitted to the role marketer through the door till; it needs the door office and the role administrator or operator",
        ),
        (&policy, "partner", "partner", "identify", "permitted"),
        (
            &policy,
            "supplier",
            "partner",
            "identify",
            "identify is not permitted to the role supplier through the door partner; it needs the role administrator, privacy_officer, operator or partner",
        ),
        (
            &emptied,
            "administrator",
            "office",
            "close",
            "close is not permitted to the role administrator through the door office; nobody may",
        ),
    ] {
        let action: CardAction = action.parse().unwrap();
        let result = policy.permits(role.parse().unwrap(), door.parse().unwrap(), action);
        assert_eq!(outcome(result.map(|()| "permitted")), expected);
    }
}

#[test]
fn a_network_writes_its_own_rows() {
    let network: CardPolicy = serde_json::from_str(
        r#"{"unblock": {"doors": ["office", "till"], "roles": ["administrator"]},
            "replace": {"doors": [], "roles": []}}"#,
    )
    .unwrap();
    let policy = CardPolicy::standard().overridden(&network);
    for (role, door, operation, may) in [
        (Role::Administrator, Door::Till, "unblock", true),
        (Role::Operator, Door::Office, "unblock", false),
        (Role::Administrator, Door::Office, "replace", false),
        (Role::Operator, Door::Till, "block", true),
    ] {
        let operation: membership::CardOperation = operation.parse().unwrap();
        assert_eq!(policy.permits(role, door, operation).is_ok(), may, "{operation}");
    }
    let json = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<CardPolicy>(&json).unwrap(), policy);
    for bad in [
        r#"{"burn": {"doors": [], "roles": []}}"#,
        r#"{"block": {"doors": ["window"], "roles": []}}"#,
        r#"{"block": {"doors": [], "roles": [], "note": ""}}"#,
        r#"{"block": {"doors": []}}"#,
    ] {
        assert!(serde_json::from_str::<CardPolicy>(bad).is_err(), "{bad}");
    }
}

#[test]
fn what_keys_may_be_used_for() {
    let mut text = String::new();
    for role in Role::ALL {
        let scopes: Vec<_> = scopes_of(role).iter().map(|scope| scope.as_str()).collect();
        text.push_str(&format!("{role}: {}\n", scopes.join(" ")));
    }
    same(
        &text,
        "administrator: cards:read cards:write receipts:write balance:read ledger:read networks:read networks:write staff:write keys:write audit:read webhooks:write portraits:read offers:read customers:find customers:read customers:write programme:admin
         marketer: ledger:read networks:read portraits:read offers:read
         privacy_officer: cards:read cards:write balance:read ledger:read audit:read portraits:read offers:read customers:find customers:read customers:write
         analyst: ledger:read networks:read portraits:read offers:read
         operator: cards:read cards:write receipts:write balance:read networks:read offers:read customers:find customers:read customers:write
         partner: cards:read cards:write receipts:write balance:read
         supplier:",
    );
    let powers = [Scope::StaffWrite, Scope::KeysWrite, Scope::NetworksWrite, Scope::ProgrammeAdmin];
    for role in Role::ALL.into_iter().filter(|&role| role != Role::Administrator) {
        assert!(powers.iter().all(|power| !scopes_of(role).contains(power)), "{role}");
    }
}
