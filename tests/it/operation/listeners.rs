//! Several listeners, and what each of them serves.

use crate::harness::{Answer, Server, free_port, send};

const PATHS: [(&str, &str); 5] = [
    ("client", "/_matrix/client/versions"),
    ("federation", "/_matrix/federation/v1/version"),
    ("federation", "/_matrix/key/v2/server"),
    ("admin", "/_synapse/admin/v1/server_version"),
    ("metrics", "/metrics"),
];

async fn ask(server: &Server, port: u16, path: &str) -> Answer {
    send(&server.http, &format!("http://127.0.0.1:{port}"), "GET", path, None, None).await
}

#[tokio::test]
async fn a_listener_hides_what_it_does_not_serve() {
    let ports = [free_port("127.0.0.1"), free_port("127.0.0.1")];
    let config = format!(
        "[[listeners]]\naddress = \"127.0.0.1:$PORT\"\nserves = [\"client\"]\n\n\
         [[listeners]]\naddress = \"127.0.0.1:{}\"\nserves = [\"admin\", \"metrics\"]\n\n\
         [[listeners]]\naddress = \"127.0.0.1:{}\"\nserves = [\"federation\"]\n",
        ports[0], ports[1],
    );
    let server = Server::start_with(&config).await;
    let serves: [(u16, &[&str]); 3] =
        [(server.port, &["client"]), (ports[0], &["admin", "metrics"]), (ports[1], &["federation"])];
    for (port, served) in serves {
        for (service, path) in PATHS {
            let answer = ask(&server, port, path).await;
            if served.contains(&service) {
                assert_ne!(answer.status, 405, "{path}");
            } else {
                answer.refused(404, "M_UNRECOGNIZED");
            }
        }
        ask(&server, port, "/_kith/health").await.ok();
    }
    ask(&server, server.port, "/_matrix/client/versions").await.ok();
    assert_eq!(ask(&server, ports[0], "/metrics").await.status, 200);
    ask(&server, ports[0], "/_synapse/admin/v1/server_version").await.is_sound();
    // What hides behind dots, doubled slashes or encoded letters stays hidden.
    for path in [
        "//metrics",
        "/./metrics",
        "/%6detrics",
        "/_matrix/../metrics",
        "/%5fsynapse/admin/v1/server_version",
    ] {
        let answer = ask(&server, server.port, path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn the_defaults_serve_everything_in_one_place() {
    let server = Server::start().await;
    ask(&server, server.port, "/_matrix/client/versions").await.ok();
    assert_eq!(ask(&server, server.port, "/metrics").await.status, 200);
    server.wait_for_log("client, federation, admin, metrics").await;
}
