//! `kith user …`: accounts from the command line.

use super::give;
use crate::Failure;
use crate::cli::{Settings, UserCommand};
use crate::open::Missing;
use crate::orders::Order;

/// Makes or changes an account.
pub(crate) fn run(settings: &Settings, command: UserCommand) -> Result<(), Failure> {
    match command {
        // The first account may be made before the server has run for the first time.
        UserCommand::Create { user, admin, password } => {
            give(settings, Missing::Create, &Order::CreateUser { user, password: password.read()?, admin })
        }
        UserCommand::SetPassword { user, keep_devices, password } => {
            let order =
                Order::SetPassword { user, password: password.read()?, logout_devices: !keep_devices };
            give(settings, Missing::Refuse, &order)
        }
        UserCommand::Deactivate { user, erase } => {
            give(settings, Missing::Refuse, &Order::Deactivate { user, erase })
        }
        UserCommand::SetAdmin { user, revoke } => {
            give(settings, Missing::Refuse, &Order::SetAdmin { user, admin: !revoke })
        }
    }
}
