//! How somebody proves that an email address is theirs: they bring back a token that was sent to it.
//! <https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3registeremailrequesttoken>
//!
//! A proof is for one purpose and for one use. Handing the mail to a relay is for the caller, who may wait for it.

use kith_base::Mail;
use kith_config::Secret;
use kith_store::{
    Error, Txn, UserSid,
    tables::{
        accounts::ACCOUNTS,
        threepids::{THREEPID_VALIDATIONS, ValidationPurpose, ValidationRecord},
        tokens::Hash,
    },
};
use subtle::ConstantTimeEq;

use crate::{Accounts, Requester, ThreepidError, mails::Kind, threepids::checked_address, tokens};

const TOKEN_CHARACTERS: usize = 32;
/// How many mails of one session lead to its end; each has a token of its own.
const TOKENS_MAX: usize = 10;
/// How long the page may be that somebody goes on to, in bytes.
const NEXT_LINK_BYTES_MAX: usize = 2048;
/// Where the link in a mail leads.
const SUBMIT_PATH: &str = "/_matrix/client/unstable/email/submit_token";

/// A wish to have an address validated.
#[derive(Clone, Debug)]
pub struct ValidationWish<'a> {
    /// What for.
    pub purpose: ValidationPurpose,
    /// The address.
    pub address: &'a str,
    /// The secret that the client chose.
    pub client_secret: &'a str,
    /// Counts the mails that the client wants.
    pub send_attempt: u64,
    /// Where whoever opens the link goes next.
    pub next_link: Option<&'a str>,
}

/// A validation that is under way.
#[derive(Clone, Debug)]
pub struct BegunValidation {
    /// The session's id, for the client.
    pub session: String,
    /// What to send, unless it was sent before.
    pub mail: Option<Mail>,
}

/// What a link in a mail is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// What the address is validated for.
    pub purpose: ValidationPurpose,
    /// The address.
    pub address: String,
    /// Where whoever opened the link goes next.
    pub next_link: Option<String>,
}

impl Accounts {
    /// Begins to validate an email address, or goes on with it. A mail that was asked for is not sent again.
    pub fn begin_validation(&self, wish: &ValidationWish<'_>) -> Result<BegunValidation, ThreepidError> {
        let address = checked_address("email", wish.address)?;
        let owner = self.find_mail_owner(&address)?;
        let kind = match (wish.purpose, owner) {
            (ValidationPurpose::Register, None) => Some(Kind::Register),
            (ValidationPurpose::AddAddress, None) => Some(Kind::AddAddress),
            (ValidationPurpose::ResetPassword, Some(_)) => Some(Kind::ResetPassword),
            (ValidationPurpose::ResetPassword, None) if self.settings.email.hide_accounts => None,
            (ValidationPurpose::ResetPassword, None) => return Err(ThreepidError::NotFound),
            (_, Some(_)) if self.settings.email.hide_accounts => Some(Kind::AlreadyRegistered),
            (_, Some(_)) => return Err(ThreepidError::InUse),
        };
        let session = self.validation_session(wish, &address);
        let hash = tokens::hash(&session);
        let _lane = self.lanes.uia_session(&hash);
        let found = self.find_validation(&hash)?;
        if found.as_ref().is_some_and(|found| wish.send_attempt <= found.send_attempt) {
            return Ok(BegunValidation { session, mail: None });
        }
        let mut record = found.unwrap_or_else(|| new_record(wish, &address));
        record.send_attempt = wish.send_attempt;
        record.next_link = self.allowed_next_link(wish.next_link);
        record.expires_ms = self.now_ms().saturating_add(self.settings.email.link_lifetime_seconds * 1000);
        let token = self.random.alphanumeric(TOKEN_CHARACTERS);
        if kind.is_some_and(Kind::has_link) {
            record.tokens.truncate(TOKENS_MAX - 1);
            record.tokens.insert(0, tokens::hash(&token));
        }
        let mail = match kind {
            Some(kind) => {
                let user = owner.map(|owner| self.store.ids().user_id(owner)).transpose()?;
                let link = self.submit_link(&session, &Secret::new(token));
                Some(self.settings.mails.write(kind, &address, &link, user.as_deref())?)
            }
            None => None,
        };
        let mut txn = self.store.begin();
        THREEPID_VALIDATIONS.put(&mut txn.batch, &hash, &record);
        self.store.commit_durably(txn)?;
        Ok(BegunValidation { session, mail })
    }

    /// The relay did not take the last mail of a session: the client may ask for it again.
    pub fn mail_was_not_sent(&self, session: &str) -> Result<(), Error> {
        let hash = tokens::hash(session);
        let _lane = self.lanes.uia_session(&hash);
        let Some(mut record) = self.find_validation(&hash)? else {
            return Ok(());
        };
        record.send_attempt = record.send_attempt.saturating_sub(1);
        let mut txn = self.store.begin();
        THREEPID_VALIDATIONS.put(&mut txn.batch, &hash, &record);
        self.store.commit_durably(txn)
    }

    /// What a link is about, before anybody has said that they mean it.
    pub fn look_at_validation(&self, session: &str, token: &str) -> Result<Validation, ThreepidError> {
        Ok(describe(self.validation_of_token(&tokens::hash(session), token)?))
    }

    /// The token from the mail came back. A client secret has to fit where one is shown.
    pub fn confirm_validation(
        &self,
        session: &str,
        token: &str,
        client_secret: Option<&str>,
    ) -> Result<Validation, ThreepidError> {
        let hash = tokens::hash(session);
        let _lane = self.lanes.uia_session(&hash);
        let mut record = self.validation_of_token(&hash, token)?;
        if client_secret.is_some_and(|secret| !same(&record.client_secret, secret)) {
            return Err(ThreepidError::UnknownSession);
        }
        record.validated_ms.get_or_insert(self.now_ms());
        let mut txn = self.store.begin();
        THREEPID_VALIDATIONS.put(&mut txn.batch, &hash, &record);
        self.store.commit_durably(txn)?;
        Ok(describe(record))
    }

    /// Gives the requester the address that a session has proved.
    pub fn add_validated_threepid(
        &self,
        requester: &Requester,
        session: &str,
        client_secret: &str,
    ) -> Result<(), ThreepidError> {
        let hash = tokens::hash(session);
        let _validation = self.lanes.uia_session(&hash);
        let lane = self.lanes.user(requester.user);
        let shared = self.lanes.registration();
        let mut txn = self.store.begin();
        let address =
            self.use_up_validation(&mut txn, session, client_secret, ValidationPurpose::AddAddress)?;
        self.put_threepid(&mut txn, requester.user, "email", address)?;
        let committed = self.store.commit(txn)?;
        drop((shared, lane));
        committed.wait_durable()?;
        Ok(())
    }

    /// The address that a session has proved for this purpose; the session ends with the transaction.
    pub(crate) fn use_up_validation(
        &self,
        txn: &mut Txn,
        session: &str,
        client_secret: &str,
        purpose: ValidationPurpose,
    ) -> Result<String, ThreepidError> {
        let hash = tokens::hash(session);
        let found = self.find_validation(&hash)?.filter(|record| same(&record.client_secret, client_secret));
        let record = found.ok_or(ThreepidError::UnknownSession)?;
        if record.validated_ms.is_none() || record.purpose != purpose {
            return Err(ThreepidError::NotValidated);
        }
        THREEPID_VALIDATIONS.require(&mut txn.batch, &hash, Some(&record));
        THREEPID_VALIDATIONS.delete(&mut txn.batch, &hash);
        Ok(record.address)
    }

    /// Whose address it is, if that account is not closed.
    pub(crate) fn find_mail_owner(&self, address: &str) -> Result<Option<UserSid>, Error> {
        let Some(owner) = self.find_threepid_owner("email", address)? else {
            return Ok(None);
        };
        let account = ACCOUNTS.get(self.read(), &owner)?;
        Ok(account.filter(|account| !account.deactivated).map(|_| owner))
    }

    /// The id of the session that belongs to an address and a secret. It follows from both, so that a client that asks
    /// again gets the same; nobody without the secret can tell it.
    fn validation_session(&self, wish: &ValidationWish<'_>, address: &str) -> String {
        let whole = format!("{}\0{}\0{address}", wish.purpose as u8, wish.client_secret);
        tokens::hash(&whole).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn find_validation(&self, session: &Hash) -> Result<Option<ValidationRecord>, Error> {
        let found = THREEPID_VALIDATIONS.get(self.read(), session)?;
        Ok(found.filter(|record| record.expires_ms > self.now_ms()))
    }

    fn validation_of_token(&self, session: &Hash, token: &str) -> Result<ValidationRecord, ThreepidError> {
        let record = self.find_validation(session)?.ok_or(ThreepidError::UnknownSession)?;
        // All of them are compared, so that the time does not tell which mail a token is from.
        let fits = record.tokens.iter().fold(false, |fits, hash| fits | same(hash, token));
        if fits { Ok(record) } else { Err(ThreepidError::UnknownSession) }
    }

    fn submit_link(&self, session: &str, token: &Secret) -> String {
        format!("{}{SUBMIT_PATH}?sid={session}&token={}", self.settings.base_url, token.reveal())
    }

    /// The page that somebody may go on to. Others are forgotten instead of refused: the address can be confirmed
    /// without them, and clients do not ask whether there is a rule.
    fn allowed_next_link(&self, link: Option<&str>) -> Option<String> {
        let link = link.filter(|link| link.len() <= NEXT_LINK_BYTES_MAX)?;
        let is_page = link.starts_with("https://") || link.starts_with("http://");
        let allowed = |start: &String| start == "*" || link.starts_with(start.as_str());
        let harmless = !link.contains(|character: char| character.is_whitespace() || character.is_control());
        (is_page && harmless && self.settings.email.next_links.iter().any(allowed)).then(|| link.to_owned())
    }
}

fn new_record(wish: &ValidationWish<'_>, address: &str) -> ValidationRecord {
    ValidationRecord {
        purpose: wish.purpose,
        client_secret: tokens::hash(wish.client_secret),
        tokens: Vec::new(),
        medium: "email".to_owned(),
        address: address.to_owned(),
        send_attempt: 0,
        next_link: None,
        validated_ms: None,
        expires_ms: 0,
    }
}

fn describe(record: ValidationRecord) -> Validation {
    Validation { purpose: record.purpose, address: record.address, next_link: record.next_link }
}

fn same(hash: &Hash, text: &str) -> bool {
    hash.ct_eq(&tokens::hash(text)).into()
}
