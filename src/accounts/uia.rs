//! User-interactive authentication: an operation that needs more proof than an access token is asked for again, with
//! one stage of proof at a time, until the stages of one flow are complete.
//! <https://spec.matrix.org/v1.19/client-server-api/#user-interactive-authentication-api>
//!
//! A session is good for the operation it was begun for and for no other, and for one use of it: whoever completes
//! the operation removes the session in the same transaction.

use kith_store::{
    Error, Txn, UserSid,
    tables::{
        accounts::ACCOUNTS,
        tokens::Hash,
        uia::{UIA_SESSIONS, UiaSessionRecord},
    },
};
use ruma::api::client::uiaa::AuthData;
use serde_json::{Map, Value, json};

use crate::{Accounts, PasswordError, Requester, ThreepidError, ValidationPurpose, tokens};

/// How long somebody has for all stages, in milliseconds: as long as for the message of the email stage.
const SESSION_LIFETIME_MS: u64 = 24 * 60 * 60 * 1000;
const SESSION_CHARACTERS: usize = 24;
/// Parameters of an operation beyond this are not kept between requests, in bytes.
const PARAMETERS_BYTES_MAX: usize = 4096;

/// One piece of proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The account's password.
    Password,
    /// Nothing at all.
    Dummy,
    /// A registration token.
    RegistrationToken,
    /// Consent to the terms.
    Terms,
    /// An email address that has been validated.
    Email,
    /// Having logged in elsewhere once more.
    Sso,
    /// A captcha that has been solved.
    Captcha,
}

impl Stage {
    /// The word of the specification.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "m.login.password",
            Self::Dummy => "m.login.dummy",
            Self::RegistrationToken => "m.login.registration_token",
            Self::Terms => "m.login.terms",
            Self::Email => "m.login.email.identity",
            Self::Sso => "m.login.sso",
            Self::Captcha => "m.login.recaptcha",
        }
    }

    fn of(auth: &AuthData) -> Option<Self> {
        match auth {
            AuthData::Password(_) => Some(Self::Password),
            AuthData::Dummy(_) => Some(Self::Dummy),
            AuthData::RegistrationToken(_) => Some(Self::RegistrationToken),
            AuthData::Terms(_) => Some(Self::Terms),
            AuthData::EmailIdentity(_) => Some(Self::Email),
            other if other.auth_type().is_some_and(|kind| kind.as_str() == Self::Sso.as_str()) => {
                Some(Self::Sso)
            }
            AuthData::ReCaptcha(_) => Some(Self::Captcha),
            _ => None,
        }
    }
}

/// What a client is told as long as proof is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Challenge {
    /// The session in which to go on.
    pub session: String,
    /// The stages of each flow, one of which has to be completed.
    pub flows: Vec<Vec<Stage>>,
    /// The stages that are complete, by the words of the specification.
    pub completed: Vec<String>,
    /// What a client needs to know for some stages.
    pub parameters: Map<String, Value>,
    /// What was wrong with the proof that came with the request.
    pub refusal: Option<Refusal>,
}

/// What was wrong with a piece of proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The password is wrong.
    WrongPassword,
    /// The registration token is unknown, expired or used up.
    BadToken,
    /// Nobody has validated that address yet.
    AddressNotValidated,
    /// The page for this stage has not been gone through, or not to its end.
    NotCompleted,
    /// The captcha has not been solved.
    CaptchaNotSolved,
    /// No flow has such a stage.
    NoSuchStage,
    /// The session is unknown or too old; a new one was begun.
    SessionEnded,
}

impl Refusal {
    /// The reason for a human.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongPassword => "Invalid password",
            Self::BadToken => "Invalid registration token",
            Self::AddressNotValidated => "The address has not been validated",
            Self::NotCompleted => "This stage has not been completed",
            Self::CaptchaNotSolved => "The captcha has not been solved",
            Self::NoSuchStage => "This kind of authentication is not offered here",
            Self::SessionEnded => "The authentication session is unknown or has ended; begin again",
        }
    }
}

/// Why an operation does not take place.
#[derive(Debug, thiserror::Error)]
pub enum UiaError {
    /// Proof is missing.
    #[error("more authentication is needed")]
    Challenge(Box<Challenge>),
    /// The session belongs to another operation, or was used already.
    #[error("the authentication session belongs to another operation")]
    OtherOperation,
    /// What is shown is another account's, or nobody's: no second attempt makes it this one's.
    #[error("this proves nothing about your account")]
    OtherAccount,
    /// The account has nothing with which to prove anything: no password.
    #[error("this account cannot authenticate for this")]
    Impossible,
    /// The password could not be compared.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What somebody wants to do.
pub(crate) struct Operation<'a> {
    /// Names the operation together with what it is done to.
    pub(crate) name: &'a str,
    /// Who wants it, if they are logged in.
    pub(crate) user: Option<UserSid>,
    pub(crate) flows: Vec<Vec<Stage>>,
    /// What addresses are validated for, where the email stage is among them.
    pub(crate) email: Option<ValidationPurpose>,
    /// Whoever checks captchas says that the one in the request is solved.
    pub(crate) captcha_solved: bool,
    /// The parameters to keep, as JSON without any secret; empty if the request brings none.
    pub(crate) parameters: String,
    /// Whose password the directory has found right that came with the request.
    pub(crate) vouched: Option<UserSid>,
}

/// A session in which all stages of a flow are complete.
pub(crate) struct Proven {
    session: Hash,
    pub(crate) record: UiaSessionRecord,
}

impl Accounts {
    /// Lets a logged-in user go on with an operation once they have shown again who they are. Users of application
    /// services cannot and need not. `operation` names what is done and to what; `vouched` says whose password in the
    /// proof the directory has found right.
    pub fn authorize(
        &self,
        requester: &Requester,
        operation: &str,
        auth: Option<&AuthData>,
        vouched: Option<UserSid>,
    ) -> Result<(), UiaError> {
        if requester.appservice.is_some() {
            return Ok(());
        }
        let flows = self.own_flows(requester.user)?;
        if flows.is_empty() {
            return Err(UiaError::Impossible);
        }
        let operation = Operation {
            name: operation,
            user: Some(requester.user),
            flows,
            email: None,
            captcha_solved: false,
            parameters: String::new(),
            vouched,
        };
        let proven = self.prove(&operation, auth)?;
        self.use_up(&proven)
    }

    /// Ends a session for an operation that is not one transaction.
    pub(crate) fn use_up(&self, proven: &Proven) -> Result<(), UiaError> {
        let mut txn = self.store.begin();
        Self::end_uia_session(&mut txn, proven);
        match self.store.commit_durably(txn) {
            Err(Error::Conflict) => Err(UiaError::OtherOperation),
            other => Ok(other?),
        }
    }

    /// Whether a user can show again who they are.
    pub fn can_prove(&self, user: UserSid) -> Result<bool, Error> {
        Ok(!self.own_flows(user)?.is_empty())
    }

    /// The ways in which a user can show again who they are.
    fn own_flows(&self, user: UserSid) -> Result<Vec<Vec<Stage>>, Error> {
        let mut flows = Vec::new();
        let account = ACCOUNTS.get(self.read(), &user)?;
        let has_password = account.is_some_and(|account| account.password.is_some());
        if has_password || self.has_password_in_directory(user)? {
            flows.push(vec![Stage::Password]);
        }
        let providers = &self.settings.providers;
        if self.external_ids(user)?.iter().any(|id| providers.contains(&id.provider)) {
            flows.push(vec![Stage::Sso]);
        }
        Ok(flows)
    }

    /// Takes the proof that came with a request. Succeeds when a flow is complete; the session then waits to be used.
    pub(crate) fn prove(
        &self,
        operation: &Operation<'_>,
        auth: Option<&AuthData>,
    ) -> Result<Proven, UiaError> {
        let Some(text) = auth.and_then(AuthData::session) else {
            return self.advance(operation, auth, None);
        };
        let hash = tokens::hash(text);
        let _lane = self.lanes.uia_session(&hash);
        match self.find_uia_session(&hash)? {
            Some(record) if record.operation != operation.name || record.user != operation.user => {
                Err(UiaError::OtherOperation)
            }
            Some(record) => self.advance(operation, auth, Some((text.to_owned(), record))),
            None => match self.advance(operation, None, None) {
                Err(UiaError::Challenge(mut challenge)) => {
                    challenge.refusal = Some(Refusal::SessionEnded);
                    Err(UiaError::Challenge(challenge))
                }
                other => other,
            },
        }
    }

    /// Adds the end of a session to a transaction, which conflicts if somebody else has used the session.
    pub(crate) fn end_uia_session(txn: &mut Txn, proven: &Proven) {
        UIA_SESSIONS.require(&mut txn.batch, &proven.session, Some(&proven.record));
        UIA_SESSIONS.delete(&mut txn.batch, &proven.session);
    }

    fn advance(
        &self,
        operation: &Operation<'_>,
        auth: Option<&AuthData>,
        session: Option<(String, UiaSessionRecord)>,
    ) -> Result<Proven, UiaError> {
        let (text, mut record) = session.unwrap_or_else(|| self.new_uia_session(operation));
        if !operation.parameters.is_empty() && operation.parameters.len() <= PARAMETERS_BYTES_MAX {
            record.parameters.clone_from(&operation.parameters);
        }
        let mut txn = self.store.begin();
        let shared = matches!(auth, Some(AuthData::RegistrationToken(_))).then(|| self.lanes.registration());
        let refusal = match auth {
            Some(auth) => self.take_stage(&mut txn, operation, &mut record, auth)?,
            None => None,
        };
        let hash = tokens::hash(&text);
        UIA_SESSIONS.put(&mut txn.batch, &hash, &record);
        // Nothing waits for the disk: whoever loses a session in a crash begins again.
        match self.store.commit(txn) {
            // Somebody else has used the validated address in between.
            Err(Error::Conflict) => return Err(UiaError::OtherOperation),
            committed => drop(committed?),
        }
        drop(shared);
        let is_complete = |flow: &Vec<Stage>| {
            flow.iter().all(|stage| record.completed.iter().any(|done| done == stage.as_str()))
        };
        if refusal.is_none() && operation.flows.iter().any(is_complete) {
            return Ok(Proven { session: hash, record });
        }
        Err(UiaError::Challenge(Box::new(Challenge {
            session: text,
            parameters: self.stage_parameters(&operation.flows),
            flows: operation.flows.clone(),
            completed: record.completed,
            refusal,
        })))
    }

    fn new_uia_session(&self, operation: &Operation<'_>) -> (String, UiaSessionRecord) {
        let record = UiaSessionRecord {
            operation: operation.name.to_owned(),
            user: operation.user,
            parameters: String::new(),
            completed: Vec::new(),
            registration_token: None,
            email: None,
            expires_ms: self.now_ms().saturating_add(SESSION_LIFETIME_MS),
        };
        (self.random.alphanumeric(SESSION_CHARACTERS), record)
    }

    fn take_stage(
        &self,
        txn: &mut Txn,
        operation: &Operation<'_>,
        record: &mut UiaSessionRecord,
        auth: &AuthData,
    ) -> Result<Option<Refusal>, UiaError> {
        if matches!(auth, AuthData::FallbackAcknowledgement(_)) {
            return Ok(None);
        }
        let offered = |stage: &Stage| operation.flows.iter().flatten().any(|other| other == stage);
        let Some(stage) = Stage::of(auth).filter(offered) else {
            return Ok(Some(Refusal::NoSuchStage));
        };
        if record.completed.iter().any(|done| done == stage.as_str()) {
            return Ok(None);
        }
        let refusal = self.check_stage(txn, operation, record, auth)?;
        if refusal.is_none() {
            record.completed.push(stage.as_str().to_owned());
        }
        Ok(refusal)
    }

    fn check_stage(
        &self,
        txn: &mut Txn,
        operation: &Operation<'_>,
        record: &mut UiaSessionRecord,
        auth: &AuthData,
    ) -> Result<Option<Refusal>, UiaError> {
        match auth {
            AuthData::Dummy(_) | AuthData::Terms(_) => Ok(None),
            AuthData::ReCaptcha(_) => Ok((!operation.captcha_solved).then_some(Refusal::CaptchaNotSolved)),
            AuthData::Password(proof) => {
                let named = self.find_by_identifier(&proof.identifier)?;
                let user = record.user.filter(|user| Some(*user) == named).ok_or(UiaError::OtherAccount)?;
                if Some(user) == operation.vouched {
                    return Ok(None);
                }
                let right = match ACCOUNTS.get(self.read(), &user)? {
                    Some(account) => {
                        self.compare_password(user, account.password.as_ref(), &proof.password)?.is_some()
                    }
                    None => false,
                };
                Ok((!right).then_some(Refusal::WrongPassword))
            }
            AuthData::RegistrationToken(proof) => {
                record.registration_token = self.reserve_registration_token(txn, &proof.token)?;
                Ok(record.registration_token.is_none().then_some(Refusal::BadToken))
            }
            AuthData::EmailIdentity(proof) => {
                let credentials = &proof.thirdparty_id_creds;
                let (session, secret) = (credentials.sid.as_str(), credentials.client_secret.as_str());
                let proved =
                    operation.email.map(|purpose| self.use_up_validation(txn, session, secret, purpose));
                match proved {
                    Some(Err(ThreepidError::Store(error))) => return Err(error.into()),
                    // An unknown session is no address.
                    proved => record.email = proved.and_then(Result::ok),
                }
                Ok(record.email.is_none().then_some(Refusal::AddressNotValidated))
            }
            // What is gone through outside of the client is complete before the client says so.
            _ => Ok(Some(Refusal::NotCompleted)),
        }
    }

    fn stage_parameters(&self, flows: &[Vec<Stage>]) -> Map<String, Value> {
        let mut parameters = Map::new();
        let registration = &self.settings.registration;
        if flows.iter().flatten().any(|stage| *stage == Stage::Terms) {
            let policy = json!({
                "version": registration.terms_version.as_deref().unwrap_or("1"),
                "en": {
                    "name": registration.terms_name.as_deref().unwrap_or("Terms of service"),
                    "url": registration.terms_url.as_deref().unwrap_or_default(),
                },
            });
            parameters.insert(Stage::Terms.as_str().to_owned(), json!({ "policies": { "terms": policy } }));
        }
        if flows.iter().flatten().any(|stage| *stage == Stage::Captcha) {
            let key = json!({ "public_key": registration.captcha_site_key });
            parameters.insert(Stage::Captcha.as_str().to_owned(), key);
        }
        parameters
    }
}
