//! Orders about accounts.

use super::Hands;
use crate::Failure;
use kith_accounts::Account;
use ruma::{OwnedUserId, UserId};

/// Why an account could not be changed.
#[derive(Debug, thiserror::Error)]
enum UserError {
    #[error("{0:?} is no user id of this server")]
    NotLocal(String),
    #[error("there is no account {0}")]
    Unknown(OwnedUserId),
}

pub(super) fn create(hands: &Hands, user: &str, password: &str, admin: bool) -> Result<String, Failure> {
    let user = parse_user(hands, user)?;
    // The rule for passwords is meant for everybody; only the admin API, which scripts use, goes past it.
    hands.accounts.check_new_password(password)?;
    let made = hands.accounts.create_user(user.localpart(), Some(password), admin);
    let user = made.map_err(|error| format!("{user}: {error}"))?;
    Ok(format!("Made {user}{}.", if admin { ", a server administrator" } else { "" }))
}

pub(super) fn set_password(
    hands: &Hands,
    user: &str,
    password: &str,
    logout_devices: bool,
) -> Result<String, Failure> {
    let account = get_account(hands, user)?;
    hands.accounts.check_new_password(password)?;
    let gone = hands.accounts.set_password(account.user, password, logout_devices, None)?;
    Ok(format!("{} has a new password; devices logged out: {}.", account.user_id, gone.len()))
}

pub(super) fn deactivate(hands: &Hands, user: &str, erase: bool) -> Result<String, Failure> {
    let account = get_account(hands, user)?;
    hands.accounts.deactivate(account.user, erase)?;
    Ok(format!("{} is closed. The running server takes it out of its rooms.", account.user_id))
}

pub(super) fn set_admin(hands: &Hands, user: &str, admin: bool) -> Result<String, Failure> {
    let account = get_account(hands, user)?;
    hands.accounts.set_admin(account.user, admin)?;
    let now = if admin { "is a server administrator" } else { "is no server administrator" };
    Ok(format!("{} {now} from now on.", account.user_id))
}

/// `alice` and `@alice:example.org` are the same on example.org.
fn parse_user(hands: &Hands, text: &str) -> Result<OwnedUserId, UserError> {
    let whole =
        if text.starts_with('@') { text.to_owned() } else { format!("@{text}:{}", hands.server_name) };
    match UserId::parse(whole) {
        Ok(user) if hands.accounts.is_local(&user) => Ok(user),
        _ => Err(UserError::NotLocal(text.to_owned())),
    }
}

fn get_account(hands: &Hands, text: &str) -> Result<Account, Failure> {
    let user = parse_user(hands, text)?;
    let account = hands.accounts.find_account(&user)?;
    Ok(account.ok_or(UserError::Unknown(user))?)
}
