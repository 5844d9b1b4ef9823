//! Verification by emojis: one side asks, the other accepts, and both confirm that they see the same.

use anyhow::{Context, Result, ensure};
use matrix_sdk::encryption::verification::{
    SasVerification, Verification, VerificationRequest, VerificationRequestState,
};

use crate::person::{Person, eventually};

/// Between two people, in the room that they have together. Gives back the emojis.
pub(crate) async fn verify_user(asking: &Person, asked: &Person) -> Result<String> {
    let identity = eventually("the other's identity", async || {
        Ok(asking.client.encryption().get_user_identity(asked.user_id()).await?)
    })
    .await?;
    ensure!(!identity.is_verified(), "{} trusts {} already", asking.name, asked.name);
    let request = identity.request_verification().await?;
    ensure!(request.room_id().is_some(), "the request was not made in a room");
    compare(request, asking, asked).await
}

/// Between two devices of a person, device to device.
pub(crate) async fn verify_own_device(asking: &Person, asked: &Person) -> Result<String> {
    // Who is asked by an unknown device does not listen.
    asking.knows_device(asked).await?;
    asked.knows_device(asking).await?;
    let identity = eventually("one's own identity", async || {
        Ok(asking.client.encryption().get_user_identity(asking.user_id()).await?)
    })
    .await?;
    compare(identity.request_verification().await?, asking, asked).await
}

async fn compare(request: VerificationRequest, asking: &Person, asked: &Person) -> Result<String> {
    let accepting = eventually("the request", async || {
        Ok(asked.client.encryption().get_verification_request(asking.user_id(), request.flow_id()).await)
    })
    .await?;
    accepting.accept().await?;
    eventually("the acceptance", async || Ok(request.is_ready().then_some(()))).await?;
    let ours = request.start_sas().await?.context("emojis are not offered")?;
    let theirs = eventually("the start", async || Ok(started(&accepting))).await?;
    theirs.accept().await?;
    let shown = emojis(&ours).await?;
    let seen = emojis(&theirs).await?;
    ensure!(shown == seen, "{shown} here, {seen} there");
    for side in [&ours, &theirs] {
        side.confirm().await?;
    }
    for side in [&ours, &theirs] {
        eventually("the end", async || {
            ensure!(!side.is_cancelled(), "cancelled: {:?}", side.cancel_info());
            Ok(side.is_done().then_some(()))
        })
        .await?;
    }
    Ok(shown)
}

fn started(request: &VerificationRequest) -> Option<SasVerification> {
    match request.state() {
        VerificationRequestState::Transitioned { verification: Verification::SasV1(sas) } => Some(sas),
        _ => None,
    }
}

async fn emojis(side: &SasVerification) -> Result<String> {
    eventually("emojis", async || {
        ensure!(!side.is_cancelled(), "cancelled: {:?}", side.cancel_info());
        Ok(side.emoji().map(|emojis| emojis.map(|emoji| emoji.symbol).join(" ")))
    })
    .await
}
