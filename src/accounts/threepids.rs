//! Email addresses and telephone numbers of users. How somebody proves that one is theirs is in `validations.rs`.
//! <https://spec.matrix.org/v1.19/client-server-api/#adding-account-administrative-contact-information>

use kith_base::Mailer;
use kith_store::{
    Direction, Error, Txn, UserSid,
    tables::{
        pushers,
        threepids::{THREEPID_OWNERS, THREEPIDS, ThreepidRecord},
    },
};

use crate::Accounts;

/// How long an address may be, in bytes.
const ADDRESS_BYTES_MAX: usize = 500;

/// An address of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threepid {
    /// "email" or "msisdn".
    pub medium: String,
    /// The address.
    pub address: String,
    /// When it was validated, in unix milliseconds.
    pub validated_ms: u64,
    /// When it was added, in unix milliseconds.
    pub added_ms: u64,
}

/// Why an address cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThreepidError {
    /// Somebody else has it.
    #[error("the address belongs to another account")]
    InUse,
    /// Nobody here has it.
    #[error("no account has this address")]
    NotFound,
    /// It is not an address.
    #[error("this is not an address")]
    BadAddress,
    /// The session is unknown, or its secret or token is another.
    #[error("the session or its token is unknown, or its time is over")]
    UnknownSession,
    /// Nobody has shown yet that the address is theirs.
    #[error("the address has not been confirmed")]
    NotValidated,
    /// The mail could not be written.
    #[error(transparent)]
    Template(#[from] crate::MailTemplateError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Accounts {
    /// The addresses of a user.
    pub fn list_threepids(&self, user: UserSid) -> Result<Vec<Threepid>, Error> {
        let rows = THREEPIDS.scan(self.read(), &(user,), Direction::Forward);
        rows.map(|row| {
            let ((_, medium, address), record) = row?;
            let ThreepidRecord { validated_ms, added_ms } = record;
            Ok(Threepid { medium, address, validated_ms, added_ms })
        })
        .collect()
    }

    /// Whose address it is.
    pub fn find_threepid_owner(&self, medium: &str, address: &str) -> Result<Option<UserSid>, Error> {
        THREEPID_OWNERS.get(self.read(), &(medium.to_owned(), canonical_address(medium, address)))
    }

    /// Gives a user an address that has been validated.
    pub fn add_threepid(&self, user: UserSid, medium: &str, address: &str) -> Result<(), ThreepidError> {
        let address = checked_address(medium, address)?;
        let lane = self.lanes.user(user);
        let shared = self.lanes.registration();
        let mut txn = self.store.begin();
        self.put_threepid(&mut txn, user, medium, address)?;
        let committed = self.store.commit(txn)?;
        drop((shared, lane));
        committed.wait_durable()?;
        Ok(())
    }

    /// Adds an address of a user to a transaction. The caller holds registration's lane, not the user's alone: the
    /// address may move between users.
    pub(crate) fn put_threepid(
        &self,
        txn: &mut Txn,
        user: UserSid,
        medium: &str,
        address: String,
    ) -> Result<(), ThreepidError> {
        let owner_key = (medium.to_owned(), address.clone());
        match THREEPID_OWNERS.get(self.read(), &owner_key)? {
            Some(owner) if owner != user => return Err(ThreepidError::InUse),
            _ => {}
        }
        let record = ThreepidRecord { validated_ms: self.now_ms(), added_ms: self.now_ms() };
        THREEPIDS.put(&mut txn.batch, &(user, medium.to_owned(), address), &record);
        THREEPID_OWNERS.put(&mut txn.batch, &owner_key, &user);
        Ok(())
    }

    /// Takes an address from a user; one they do not have is as good as taken.
    pub fn delete_threepid(&self, user: UserSid, medium: &str, address: &str) -> Result<(), Error> {
        let address = canonical_address(medium, address);
        let key = (user, medium.to_owned(), address.clone());
        let lane = self.lanes.user(user);
        let shared = self.lanes.registration();
        if !THREEPIDS.contains(self.read(), &key)? {
            return Ok(());
        }
        let mut txn = self.store.begin();
        THREEPIDS.delete(&mut txn.batch, &key);
        pushers::delete_of_address(&mut txn, self.read(), user, &address)?;
        THREEPID_OWNERS.delete(&mut txn.batch, &(medium.to_owned(), address));
        let committed = self.store.commit(txn)?;
        drop((shared, lane));
        committed.wait_durable()
    }
}

/// The one spelling of an address: email addresses are compared without regard to capitals.
pub(crate) fn canonical_address(medium: &str, address: &str) -> String {
    if medium == "email" { address.to_lowercase() } else { address.to_owned() }
}

pub(crate) fn checked_address(medium: &str, address: &str) -> Result<String, ThreepidError> {
    let well_formed = match medium {
        "email" => Mailer::is_address(address),
        "msisdn" => !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    if well_formed && address.len() <= ADDRESS_BYTES_MAX {
        Ok(canonical_address(medium, address))
    } else {
        Err(ThreepidError::BadAddress)
    }
}
