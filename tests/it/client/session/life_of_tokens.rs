//! Logging in and out, renewing, locking, new passwords, the end: in any order, a token is good for exactly as long as
//! a simple model says.

use serde_json::{Value, json};

use super::{login, refresh, with_password};
use crate::harness::{Answer, Server, User};

const STEPS: u32 = 120;

/// A session as the model knows it.
struct Session {
    device: String,
    access: String,
    renewal: Option<String>,
    alive: bool,
}

struct World {
    server: Server,
    admin: User,
    password: String,
    locked: bool,
    sessions: Vec<Session>,
    seed: u64,
    steps: Vec<String>,
}

impl World {
    fn random(&mut self, below: usize) -> usize {
        // A multiplicative generator is enough to shuffle with, and the run can be repeated from its seed.
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.seed >> 33).unwrap() % below
    }

    fn some_alive(&mut self) -> Option<usize> {
        let alive: Vec<usize> =
            (0..self.sessions.len()).filter(|index| self.sessions[*index].alive).collect();
        (!alive.is_empty()).then(|| alive[self.random(alive.len())])
    }

    async fn call(&self, session: usize, method: &str, path: &str, body: Option<Value>) -> Answer {
        let path = format!("/_matrix/client/{path}");
        self.server.with_token(&self.sessions[session].access, method, &path, body).await
    }

    async fn step(&mut self) {
        match self.random(10) {
            0..3 => self.log_in().await,
            3 => self.log_in_wrongly().await,
            4 | 5 => self.renew().await,
            6 => self.log_out().await,
            7 => self.lock_or_unlock().await,
            8 => self.change_password().await,
            _ => self.log_out_everywhere().await,
        }
        self.check().await;
    }

    async fn log_in(&mut self) {
        let device = format!("DEVICE{}", self.random(4));
        let mut body = with_password("alice", &self.password);
        body["device_id"] = device.clone().into();
        body["refresh_token"] = (self.random(2) == 0).into();
        self.steps.push(format!("log in on {device}"));
        let answer = login(&self.server, body).await;
        if self.locked {
            answer.refused(401, "M_USER_LOCKED");
            return;
        }
        let answer = answer.ok();
        for session in self.sessions.iter_mut().filter(|session| session.device == device) {
            session.alive = false;
        }
        let access = answer["access_token"].as_str().unwrap().to_owned();
        let renewal = answer["refresh_token"].as_str().map(str::to_owned);
        self.sessions.push(Session { device, access, renewal, alive: true });
    }

    async fn log_in_wrongly(&mut self) {
        self.steps.push("log in with another password".to_owned());
        let wrong = format!("{}!", self.password);
        login(&self.server, with_password("alice", &wrong)).await.refused(403, "M_FORBIDDEN");
    }

    async fn renew(&mut self) {
        if self.sessions.is_empty() {
            return;
        }
        let index = self.random(self.sessions.len());
        let Some(renewal) = self.sessions[index].renewal.clone() else { return };
        self.steps.push(format!("renew session {index}"));
        let answer = refresh(&self.server, &renewal).await;
        if !self.sessions[index].alive {
            answer.refused(401, "M_UNKNOWN_TOKEN");
        } else if self.locked {
            answer.refused(401, "M_USER_LOCKED");
        } else {
            let answer = answer.ok();
            let device = self.sessions[index].device.clone();
            let (access, next) = super::pair(&answer);
            self.sessions.push(Session { device, access, renewal: Some(next), alive: true });
            // The first use of the new pair, which `check` makes, ends the old one.
            self.sessions[index].alive = false;
            let new = self.sessions.len() - 1;
            self.call(new, "GET", "v3/account/whoami", None).await.ok();
        }
    }

    async fn log_out(&mut self) {
        let Some(index) = self.some_alive() else { return };
        self.steps.push(format!("log session {index} out"));
        self.call(index, "POST", "v3/logout", Some(json!({}))).await.ok();
        self.sessions[index].alive = false;
    }

    async fn log_out_everywhere(&mut self) {
        if self.random(4) > 0 {
            return;
        }
        let Some(index) = self.some_alive() else { return };
        self.steps.push(format!("log out everywhere from session {index}"));
        self.call(index, "POST", "v3/logout/all", Some(json!({}))).await.ok();
        self.sessions.iter_mut().for_each(|session| session.alive = false);
    }

    async fn lock_or_unlock(&mut self) {
        self.locked = !self.locked;
        self.steps.push(format!("locked: {}", self.locked));
        let path = "/_matrix/client/v1/admin/lock/%40alice%3Alocalhost";
        self.admin.put(path, json!({"locked": self.locked})).await.ok();
    }

    async fn change_password(&mut self) {
        let Some(index) = self.some_alive() else { return };
        let (new, logout) = (format!("password {}", self.random(1_000_000)), self.random(2) == 0);
        self.steps.push(format!("new password from session {index}, log others out: {logout}"));
        let mut body = json!({"new_password": new, "logout_devices": logout});
        let asked = self.call(index, "POST", "v3/account/password", Some(body.clone())).await;
        if self.locked {
            asked.refused(401, "M_USER_LOCKED");
            return;
        }
        let session = asked.challenged(&[&["m.login.password"]]);
        body["auth"] = crate::harness::password_proof("@alice:localhost", &self.password, &session);
        self.call(index, "POST", "v3/account/password", Some(body)).await.ok();
        self.password = new;
        if logout {
            let device = self.sessions[index].device.clone();
            let others = self.sessions.iter_mut().filter(|session| session.device != device);
            others.for_each(|session| session.alive = false);
        }
    }

    async fn check(&self) {
        for (index, session) in self.sessions.iter().enumerate() {
            let answer = self.call(index, "GET", "v3/account/whoami", None).await;
            let expected = match (session.alive, self.locked) {
                (true, false) => (200, ""),
                (true, true) => (401, "M_USER_LOCKED"),
                (false, _) => (401, "M_UNKNOWN_TOKEN"),
            };
            let found = (answer.status, answer.body["errcode"].as_str().unwrap_or_default());
            assert_eq!(found, expected, "session {index} after {:#?}", self.steps);
        }
    }
}

#[tokio::test]
async fn tokens_live_exactly_as_long_as_they_should() {
    let server = Server::start().await;
    let admin = server.register_admin("admin").await;
    server.register("alice").await.post("/logout", json!({})).await.ok();
    let mut world = World {
        server,
        admin,
        password: "alice-password".to_owned(),
        locked: false,
        sessions: Vec::new(),
        seed: u64::from(std::process::id()),
        steps: Vec::new(),
    };
    println!("seed {}", world.seed);
    for step in 0..STEPS {
        world.step().await;
        if step == STEPS / 2 {
            world.server = world.server.crash_and_restart().await;
            world.admin = world.admin.on(&world.server);
            world.steps.push("the server crashes".to_owned());
            world.check().await;
        }
    }
}
