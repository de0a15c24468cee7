//! Every answer of the four operations, byte for byte, in each profile
//! (A2A API specification, "Wire bodies for the session endpoints").

use http::StatusCode;
use pam_mock::{MockAppliance, NewSession, Profile, RunningEnd, Switches};
use pam_proto::SessionId;

use crate::client::Client;

const ENDED: &str = "421c83a3b10be439d4da33b6c140f53eaf448207";
const RUNNING: &str = "3fcf1e4a16104e328d6794e1b9693cfc457871d2";

fn session(id: u64, session_id: &str, ended_at: Option<&str>) -> NewSession {
    NewSession {
        id: Some(id),
        session_id: Some(SessionId::new(session_id).unwrap()),
        user: Some("Admin".into()),
        origin_ip: Some("192.0.2.10".into()),
        credential: Some("svc1".into()),
        device: Some("192.0.2.20:22".into()),
        protocol: Some("ssh".into()),
        proxy: Some("Web Proxy".into()),
        started_at: Some("2024-05-06 16:05:07".into()),
        ended_at: ended_at.map(str::to_owned),
        ..NewSession::default()
    }
}

async fn mock(profile: Profile, switches: Switches) -> (MockAppliance, Client) {
    let mock = MockAppliance::builder()
        .plain_http()
        .profile(profile)
        .switches(switches)
        .tenant("acme")
        .session(session(540, ENDED, Some("2024-05-06 16:07:59")))
        .session(session(541, RUNNING, None))
        .start()
        .await
        .unwrap();
    let client = Client::new(&mock);
    (mock, client)
}

fn empty_running_time() -> Switches {
    let mut switches = Switches::default();
    switches.set("running-time=null").unwrap();
    switches
}

const OK: &str = r#""response":{"status":200,"message":"","error":false,"error_code":0,"detail":"","mensagem":"","erro":false,"cod_erro":0}"#;

const ROW_3_32: &str = r#"{"id":"540","user":"Admin","origin_ip":"192.0.2.10","credencial":"svc1","dispositivo":"192.0.2.20:22","protocol":"ssh","proxy":"Web Proxy","session_id":"421c83a3b10be439d4da33b6c140f53eaf448207","start":"2024-05-06 16:05:07","end":"2024-05-06 16:07:59","time":"00:02:52","prevent_purge":"Não","request":null,"ITSM":null}"#;

const ROW: &str = r#"{"id":"540","user":"Admin","origin_ip":"192.0.2.10","credential":"svc1","device":"192.0.2.20:22","protocol":"ssh","proxy":"Web Proxy","session_id":"421c83a3b10be439d4da33b6c140f53eaf448207","start":"2024-05-06 16:05:07","end":"2024-05-06 16:07:59","time":"00:02:52","prevent_purge":"No","request":null,"ITSM":null}"#;

fn running(row: &str) -> String {
    row.replace("540", "541").replace(ENDED, RUNNING).replace(
        r#""end":"2024-05-06 16:07:59","time":"00:02:52""#,
        r#""end":null,"time":null"#,
    )
}

#[tokio::test]
async fn list() {
    let table = [
        (Profile::V3_32, "/api/session/remotesessions", ROW_3_32, ""),
        (Profile::V3_32, "/api/pam/remotesessions", ROW, ""),
        (
            Profile::V3_33,
            "/api/pam/session/remotesessions",
            ROW,
            r#","tenant":"acme""#,
        ),
        (
            Profile::V4_0,
            "/api/pam/session/remotesessions",
            ROW,
            r#","tenant":"acme""#,
        ),
        (
            Profile::Current,
            "/api/session/remotesessions",
            ROW,
            r#","tenant":"acme""#,
        ),
    ];
    for (profile, path, row, tenant) in table {
        let (_mock, client) = mock(profile, empty_running_time()).await;
        let reply = client.get(path).await;
        let running = running(row);
        assert_eq!(
            reply.text(),
            format!(r#"{{"code":200,{OK}{tenant},"remote_sessions":[{row},{running}]}}"#)
        );
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn nested_list() {
    let mut switches = empty_running_time();
    switches.set("listing=nested").unwrap();
    let (_mock, client) = mock(Profile::V4_0, switches).await;
    let reply = client.get("/api/pam/session/remotesessions").await;
    let running = running(ROW);
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"code":200,{OK},"remote_sessions":[{{"code":200,{OK},"tenant":"acme","remote_sessions":[{ROW},{running}]}}]}}"#
        )
    );
}

#[tokio::test]
async fn get_one() {
    let table = [
        (
            Profile::V3_32,
            "/api/session/remotesessions/540",
            ROW_3_32,
            "",
        ),
        (Profile::V3_32, "/api/pam/remotesession/540", ROW, ""),
        (
            Profile::V4_0,
            "/api/pam/session/remotesessions/540",
            ROW,
            r#","tenant":"acme""#,
        ),
        (
            Profile::V4_0,
            "/api/session/remotesessions/540",
            ROW,
            r#","tenant":"acme""#,
        ),
        (
            Profile::Current,
            "/api/session/remotesessions/540",
            ROW,
            r#","tenant":"acme""#,
        ),
    ];
    for (profile, path, row, tenant) in table {
        let (_mock, client) = mock(profile, Switches::default()).await;
        let reply = client.get(path).await;
        assert_eq!(
            reply.text(),
            format!(r#"{{"code":200,{OK}{tenant},"remote_session":[{row}]}}"#)
        );
        for (id, code, message) in [
            ("7", 1002, "1002: Session not found"),
            ("99999999999999999999", 1002, "1002: Session not found"),
            (ENDED, 1003, "1003: Unexpected identifier type"),
        ] {
            let reply = client.get(&path.replace("540", id)).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST);
            assert_eq!(
                reply.text(),
                format!(
                    r#"{{"code":400,"response":{{"status":400,"message":"{message}","error":true,"error_code":1,"detail":"","mensagem":"{message}","erro":true,"cod_erro":1}},"exception":{{"code":{code},"message":"{message}","detail":null}}}}"#
                )
            );
        }
    }
}

#[tokio::test]
async fn terminate() {
    let eight = r#""response":{"status":200,"message":"Sessão interrompida com sucesso","error":false,"error_code":0,"detail":"","mensagem":"Sessão interrompida com sucesso","erro":false,"cod_erro":0}"#;
    let now = r#""response":{"status":200,"message":"Session dropped successfully","error":false,"error_code":0,"detail":"","mensagem":"Sessão encerrada com sucesso","erro":false,"cod_erro":0}"#;
    let failed = r#""response":{"status":500,"message":"An error occurred while droping session","error":true,"error_code":1,"detail":"","mensagem":"An error occurred while droping session","erro":true,"cod_erro":1}"#;
    let table = [
        (
            Profile::V3_32,
            "iso",
            format!("{{{eight}}}"),
            format!("{{{failed}}}"),
        ),
        (
            Profile::V3_33,
            "api/pam",
            format!(r#"{{"code":200,{eight}}}"#),
            format!(r#"{{"code":500,{failed}}}"#),
        ),
        (
            Profile::V4_0,
            "api/pam",
            format!(r#"{{"code":200,{eight}}}"#),
            format!(r#"{{"code":500,{failed}}}"#),
        ),
        (
            Profile::Current,
            "api/pam",
            format!(r#"{{"code":200,{now},"tenant":"acme"}}"#),
            format!(r#"{{"code":500,{failed}}}"#),
        ),
    ];
    for (profile, prefix, success, failure) in table {
        let (mock, client) = mock(profile, Switches::default()).await;
        let path = |id: &str| format!("/{prefix}/session/drop/{id}");
        let reply = client.delete(&path(RUNNING)).await;
        assert_eq!(
            (reply.status, reply.text()),
            (StatusCode::OK, success.as_str())
        );
        assert!(!mock.session(RUNNING).unwrap().active);
        // Ended by now, ended before, never there, and a row number: one answer.
        for id in [RUNNING, ENDED, "0000", "541"] {
            let reply = client.delete(&path(id)).await;
            assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(reply.text(), failure);
        }
    }
}

#[tokio::test]
async fn open() {
    let full = |status: u16, message: &str, error: bool, code: u8| {
        format!(
            r#""code":{status},"response":{{"status":{status},"message":"{message}","error":{error},"error_code":{code},"detail":"","mensagem":"{message}","erro":{error},"cod_erro":{code}}}"#
        )
    };
    let created = "Session created successfully";
    let success_3_32 = format!(
        r#"{{"response":{{"status":200,"mensagem":"{created}","erro":false,"message":"{created}","error":false}},"session":{{"session_url":""#
    );
    let success = format!(
        r#"{{{},"tenant":"acme","session":{{"session_url":""#,
        full(200, created, false, 0)
    );
    let codes = |message: &str| {
        format!(
            r#"{{"response":{{"status":400,"mensagem":"{message}","erro":true,"cod_erro":0,"message":"{message}","error":true,"error_code":0}}}}"#
        )
    };
    let table = [
        (Profile::V3_32, "/iso/remote/session", success_3_32),
        (Profile::V3_33, "/api/pam/remote/session", success.clone()),
        (Profile::V4_0, "/api/pam/remote/session", success.clone()),
        (Profile::Current, "/api/remote/session", success),
    ];
    for (profile, path, success) in table {
        let (_mock, client) = mock(profile, Switches::default()).await;
        let body = r#"{"user":"u","credential":"c","device":"192.0.2.1","protocol":"SSH"}"#;
        let reply = client.post(path, "application/json", body).await;
        assert!(reply.text().starts_with(&success), "{}", reply.text());
        let session = &reply.json()["session"];
        let url = session["session_url"].as_str().unwrap();
        assert!(url.contains("/modulos/auth?_sr=cmJzOi8v"), "{url}");
        assert_eq!(session["token"].as_str().unwrap().len(), 64);

        let user = match profile {
            Profile::V3_32 => "User not specified",
            _ => "Username not specified",
        };
        for (body, message) in [
            ("not json", user),
            ("{}", user),
            (r#"{"user":" "}"#, user),
            (r#"{"user":"u"}"#, "Credential not specified"),
            (
                r#"{"user":"u","credential":"c"}"#,
                "Credential device not specified",
            ),
            (
                r#"{"user":"u","credential":"c","device":"d"}"#,
                "Invalid protocol",
            ),
            (
                r#"{"user":"u","credential":"c","device":"d","protocol":"s s"}"#,
                "Invalid protocol",
            ),
        ] {
            let reply = client.post(path, "application/json", body).await;
            let expected = match profile {
                Profile::V3_32 => codes(message),
                _ => format!("{{{}}}", full(400, message, true, 1)),
            };
            assert_eq!(reply.status, StatusCode::BAD_REQUEST);
            assert_eq!(reply.text(), expected, "{body}");
        }
    }
}

#[tokio::test]
async fn a_running_session_has_the_end_that_the_switch_says() {
    let table = [
        (RunningEnd::Null, r#""end":null,"#),
        (RunningEnd::Empty, r#""end":"","#),
        (RunningEnd::Zero, r#""end":"0000-00-00 00:00:00","#),
    ];
    for (running_end, expected) in table {
        let mut switches = Switches::default();
        switches.running_end = running_end;
        let (_mock, client) = mock(Profile::V4_0, switches).await;
        let reply = client.get("/api/pam/session/remotesessions/541").await;
        assert!(reply.text().contains(expected), "{}", reply.text());
    }
    let mut switches = Switches::default();
    switches.running_end = RunningEnd::Absent;
    let (_mock, client) = mock(Profile::V4_0, switches).await;
    let reply = client.get("/api/pam/session/remotesessions/541").await;
    assert!(!reply.text().contains(r#""end""#), "{}", reply.text());
}

#[tokio::test]
async fn a_wrong_path_is_no_resource_and_a_missing_header_no_route() {
    let (_mock, client) = mock(Profile::V4_0, Switches::default()).await;
    for path in ["/", "/api/pam/session", "/iso/session/drop/"] {
        let reply = client.get(path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(
            reply.text(),
            r#"{"code":404,"response":{"status":404,"message":"Resource sub not found","error":true,"error_code":4,"detail":"","mensagem":"Resource sub not found","erro":true,"cod_erro":4}}"#
        );
    }
    for path in ["/", "/api/pam/session/remotesessions"] {
        let request = client.request(http::Method::GET, path);
        let reply = client.send(request).await.unwrap();
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(
            reply.text(),
            r#"{"message":"no Route matched with those values"}"#
        );
    }
}
