//! `POST /_matrix/client/v3/auth/{authType}/fallback/web`

use serde_json::json;

use crate::harness::{Browser, IdentityProvider, Mailbox, Page, Server, User};

async fn submit(server: &Server, stage: &str, form: &str) -> Page {
    Browser::new(server).submit(&format!("/_matrix/client/v3/auth/{stage}/fallback/web"), form).await
}

async fn register(server: &Server, session: &str) -> crate::harness::Answer {
    let body = json!({"username": "alice", "password": "correct horse", "auth": {"session": session}});
    server.anonymous("POST", "/_matrix/client/v3/register", Some(body)).await
}

#[tokio::test]
async fn token_and_terms_are_given_on_pages() {
    let config =
        "[registration]\nmode = \"token\"\nrequire_terms = true\nterms_url = \"https://example.org/terms\"\n";
    let server = Server::start_with(config).await;
    let (made, output) =
        server.command(&["user", "create", "admin", "--password", "correct horse", "--admin"]);
    assert!(made, "{output}");
    let admin = User::from_login(&server, &server.log_in("admin", "correct horse").await.ok());
    let path = "/_synapse/admin/v1/registration_tokens/new";
    admin.post(path, json!({"token": "invited", "uses_allowed": 1})).await.ok();
    let stages: &[&str] = &["m.login.registration_token", "m.login.terms"];
    let asked = server.anonymous("POST", "/_matrix/client/v3/register", Some(json!({}))).await;
    let session = asked.challenged(&[stages]);
    let wrong = submit(&server, stages[0], &format!("session={session}&token=guessed")).await;
    wrong.shows("This token is not valid");
    register(&server, &session).await.challenged(&[stages]);
    submit(&server, stages[0], &format!("session={session}&token=invited")).await.shows("onAuthDone");
    submit(&server, stages[1], &format!("session={session}")).await.shows("onAuthDone");
    assert_eq!(register(&server, &session).await.ok()["user_id"], "@alice:localhost");
    let used = admin.get("/_synapse/admin/v1/registration_tokens/invited").await.ok();
    assert_eq!((&used["completed"], &used["pending"]), (&json!(1), &json!(0)));
    assert_eq!(submit(&server, stages[1], "session=made-up").await.status, 400);
    // A page is not the place to type a password, nor a way around it.
    let path = format!("/devices/{}", admin.device);
    let session = admin.call("DELETE", &path, Some(json!({}))).await.challenged(&[&["m.login.password"]]);
    let page = submit(&server, "m.login.password", &format!("session={session}")).await;
    assert_eq!(page.status, 404);
    let page = submit(&server, "m.login.sso", &format!("session={session}")).await;
    assert_eq!(page.status, 404);
    let claim = json!({"auth": {"session": session}});
    admin.call("DELETE", &path, Some(claim)).await.challenged(&[&["m.login.password"]]);
}

#[tokio::test]
async fn an_address_is_confirmed_on_a_page() {
    let mailbox = Mailbox::start().await;
    let config = format!("{}\n[registration]\nmode = \"email\"\n", mailbox.config());
    let server = Server::start_with(&config).await;
    let stage = "m.login.email.identity";
    let asked = server.anonymous("POST", "/_matrix/client/v3/register", Some(json!({}))).await;
    let session = asked.challenged(&[&[stage]]);
    submit(&server, stage, &format!("session={session}&address=nobody")).await.shows("No mail can be sent");
    let page = submit(&server, stage, &format!("session={session}&address=alice%40example.org")).await;
    let html = page.shows("Look at your mails");
    let sid = html.split("name=\"sid\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let next = format!("session={session}&sid={sid}");
    submit(&server, stage, &next).await.shows("Look at your mails");
    let link = mailbox.letter(0).await.link();
    let query = link.split_once('?').unwrap().1;
    Browser::new(&server)
        .submit("/_matrix/client/unstable/email/submit_token", query)
        .await
        .shows("confirmed");
    submit(&server, stage, &next).await.shows("onAuthDone");
    let alice = User::from_login(&server, &register(&server, &session).await.ok());
    assert_eq!(alice.get("/account/3pid").await.ok()["threepids"][0]["address"], "alice@example.org");
}

#[tokio::test]
async fn whoever_has_no_password_logs_in_again_elsewhere() {
    let service = IdentityProvider::start().await;
    let top = "public_base_url = \"http://127.0.0.1:$PORT\"\n[sso]\ntrusted_clients = [\"https://a/\"]\n";
    let server = Server::start_with(&format!("{top}{}", service.config("one"))).await;
    let claims = |subject: &str| json!({"sub": subject, "preferred_username": format!("user{subject}")});
    let browser = Browser::new(&server);
    let mut users = Vec::new();
    for subject in ["1", "2"] {
        let path = "/_matrix/client/v3/login/sso/redirect?redirectUrl=https%3A%2F%2Fa%2F";
        let back = service.let_in(&browser.open(path).await.goes_to(), claims(subject));
        let token = browser.open(&back).await.goes_to().replace("https://a/?loginToken=", "");
        let body = json!({"type": "m.login.token", "token": token});
        let answer = server.anonymous("POST", "/_matrix/client/v3/login", Some(body)).await.ok();
        users.push(User::from_login(&server, &answer));
    }
    let alice = &users[0];
    let path = format!("/devices/{}", alice.device);
    let flows: &[&[&str]] = &[&["m.login.sso"]];
    let session = alice.call("DELETE", &path, Some(json!({}))).await.challenged(flows);
    let claim = json!({"auth": {"type": "m.login.sso", "session": session}});
    alice.call("DELETE", &path, Some(claim.clone())).await.unconvinced("M_UNAUTHORIZED", flows);
    let form = format!("session={session}");
    let away = format!("/_matrix/client/v3/auth/m.login.sso/fallback/web?session={session}");
    browser.open(&away).await.shows("wants to log out one of your devices");
    // Somebody else there is nobody who could confirm it.
    let go = || browser.submit("/_matrix/client/v3/auth/m.login.sso/fallback/web", &form);
    let location = go().await.goes_to();
    assert!(location.contains("prompt=login"), "{location}");
    assert_eq!(browser.open(&service.let_in(&location, claims("2"))).await.status, 403);
    alice.call("DELETE", &path, Some(claim.clone())).await.unconvinced("M_UNAUTHORIZED", flows);
    let back = service.let_in(&go().await.goes_to(), claims("1"));
    browser.open(&back).await.shows("authDone");
    alice.call("DELETE", &path, Some(claim)).await.ok();
    server.refuses_token(&alice.token).await;
}
