//! An OIDC provider that a test tells what to say.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use rsa::pkcs1v15::SigningKey;
use rsa::rand_core::OsRng;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::listening::{Received, listen};
use crate::now;
use crate::server::Setup;

const CLIENT: &str = "accolade";
const SECRET: &str = "a secret of two: +/% and more";

/// Two pairs of keys, which take their time to be made.
static KEYS: LazyLock<[SigningKey<Sha256>; 2]> = LazyLock::new(|| {
    [(); 2].map(|()| {
        let key = rsa::RsaPrivateKey::new(&mut OsRng, 2_048).unwrap();
        SigningKey::new(key)
    })
});

/// A provider on this machine. Whoever comes to it is signed in at once.
#[derive(Debug, Clone)]
pub struct Provider {
    url: String,
    shared: Arc<Mutex<State>>,
}

/// How the next tokens are made.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Claims that stand in place of the right ones; null for one that is left out.
    pub claims: Value,
    /// What signs them.
    pub signed: Signed,
}

/// What signs a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// The provider's key.
    Rightly,
    /// A key of somebody else's under the name of the provider's.
    ByAnother,
    /// Nothing, and it says so.
    ByNobody,
    /// The secret that the provider shares with its client.
    ByTheSecret,
}

#[derive(Debug, Default)]
struct State {
    /// Each code that was given and not redeemed, with what was asked for with it.
    codes: HashMap<String, HashMap<String, String>>,
    given: usize,
    tokens: Option<Tokens>,
    key: usize,
    is_away: bool,
    /// Where browsers are sent back to, if not to where they came from.
    back: Option<String>,
}

impl Provider {
    /// Begins to listen.
    pub fn start() -> Self {
        let shared = Arc::<Mutex<State>>::default();
        let for_connections = Arc::clone(&shared);
        let address = listen(move |stream| {
            let port = stream.local_addr().unwrap().port();
            let url = format!("http://127.0.0.1:{port}");
            // Whoever asked may be gone by now.
            let _ = serve(&stream, &url, &for_connections);
        });
        let url = format!("http://{address}");
        Self { url, shared }
    }

    /// What it calls itself.
    pub fn issuer(&self) -> &str {
        &self.url
    }

    /// Makes the next tokens so.
    pub fn give(&self, claims: Value, signed: Signed) {
        self.shared.lock().unwrap().tokens = Some(Tokens { claims, signed });
    }

    /// Signs by its other key from now on, and names no other one.
    pub fn change_its_key(&self) {
        self.shared.lock().unwrap().key ^= 1;
    }

    /// Breaks every connection off, or answers again.
    pub fn be_away(&self, is_away: bool) {
        self.shared.lock().unwrap().is_away = is_away;
    }

    /// Sends browsers back to the console at this address, whatever it calls itself: nobody knows the port of
    /// a server before it has started.
    pub fn lead_back_to(&self, address: &str) {
        self.shared.lock().unwrap().back = Some(address.to_owned());
    }

    /// Sends a browser there, to `entrance`; gives the query with which it comes back.
    pub fn sign_in(&self, entrance: &str) -> String {
        assert!(entrance.starts_with(&self.url), "{entrance}");
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .build()
            .new_agent();
        let reply = agent.get(entrance).call().unwrap();
        let back = reply.headers()["location"].to_str().unwrap();
        Url::parse(back).unwrap().query().unwrap().to_owned()
    }
}

impl Setup {
    /// Has `provider` sign operators of the console in.
    #[must_use]
    pub fn with_provider(self, provider: &Provider) -> Self {
        self.set("console.enabled", "true")
            .set("console.url", "http://localhost:8080")
            .set("console.oidc.issuer", provider.issuer())
            .set("console.oidc.client_id", CLIENT)
            .set("console.oidc.client_secret", SECRET)
    }
}

fn serve(stream: &TcpStream, url: &str, shared: &Mutex<State>) -> Option<()> {
    let received = Received::read(stream)?;
    let (_, target) = received.call.split_once(' ')?;
    let mut state = shared.lock().unwrap();
    if state.is_away {
        return None;
    }
    let target = Url::parse(url).unwrap().join(target).unwrap();
    let (status, location, answer) = match target.path() {
        "/.well-known/openid-configuration" => ("200 OK", None, configuration(url)),
        "/keys" => ("200 OK", None, keys(state.key)),
        "/in" => ("303 See Other", Some(state.let_in(&target)), Value::Null),
        "/token" => match state.redeem(url, received.header("authorization"), &received.body) {
            Ok(given) => ("200 OK", None, given),
            Err(error) => ("400 Bad Request", None, json!({ "error": error })),
        },
        other => panic!("{other}"),
    };
    drop(state);
    let location = location.map_or_else(String::new, |it| format!("Location: {it}\r\n"));
    let answer = answer.to_string();
    write!(
        { stream },
        "HTTP/1.1 {status}\r\n{location}Content-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{answer}",
        answer.len()
    )
    .ok()
}

fn configuration(url: &str) -> Value {
    json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/in"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        // It claims more than anybody should believe.
        "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
    })
}

fn keys(key: usize) -> Value {
    let public = KEYS[key].as_ref().to_public_key();
    let number = |number: &rsa::BigUint| URL_SAFE_NO_PAD.encode(number.to_bytes_be());
    json!({"keys": [{
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": format!("key-{key}"),
        "n": number(public.n()),
        "e": number(public.e()),
    }]})
}

impl State {
    /// Where a browser goes back to that came by `target`.
    fn let_in(&mut self, target: &Url) -> String {
        let asked: HashMap<_, _> = target.query_pairs().into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["scope"], "openid");
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
        assert_eq!(back.path(), "/console/sign-in/oidc/callback");
        if let Some(address) = &self.back {
            back = Url::parse(address).unwrap().join(back.path()).unwrap();
        }
        self.given += 1;
        let code = format!("code-{}", self.given);
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &asked["state"]);
        self.codes.insert(code, asked);
        back.into()
    }

    /// The tokens for a code, which is redeemed once, by the client, with what belongs to it.
    fn redeem(
        &mut self,
        url: &str,
        authorization: Option<&str>,
        body: &[u8],
    ) -> Result<Value, &'static str> {
        let encoded = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let pair = format!("{}:{}", encoded(CLIENT), encoded(SECRET));
        if authorization != Some(&format!("Basic {}", STANDARD.encode(pair))) {
            return Err("invalid_client");
        }
        let shown: HashMap<_, _> = url::form_urlencoded::parse(body).into_owned().collect();
        let asked = self.codes.remove(&shown["code"]).ok_or("invalid_grant")?;
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&shown["code_verifier"]));
        if challenge != asked["code_challenge"] || shown["redirect_uri"] != asked["redirect_uri"] {
            return Err("invalid_grant");
        }
        Ok(json!({
            "access_token": "for nothing here",
            "token_type": "Bearer",
            "id_token": self.token(url, &asked["nonce"]),
        }))
    }

    fn token(&self, url: &str, nonce: &str) -> String {
        let mut claims = json!({
            "iss": url,
            "sub": "248289761001",
            "aud": CLIENT,
            "exp": now() + 300,
            "iat": now(),
            "nonce": nonce,
        });
        let mut signed = Signed::Rightly;
        if let Some(tokens) = &self.tokens {
            signed = tokens.signed;
            for (name, value) in tokens.claims.as_object().unwrap() {
                claims[name] = value.clone();
            }
        }
        claims
            .as_object_mut()
            .unwrap()
            .retain(|_, it| !it.is_null());
        let alg = match signed {
            Signed::Rightly | Signed::ByAnother => "RS256",
            Signed::ByNobody => "none",
            Signed::ByTheSecret => "HS256",
        };
        let header = json!({"alg": alg, "typ": "JWT", "kid": format!("key-{}", self.key)});
        let part = |it: &Value| URL_SAFE_NO_PAD.encode(it.to_string());
        let text = format!("{}.{}", part(&header), part(&claims));
        let signature = match signed {
            Signed::Rightly => KEYS[self.key].sign(text.as_bytes()).to_vec(),
            Signed::ByAnother => KEYS[self.key ^ 1].sign(text.as_bytes()).to_vec(),
            Signed::ByNobody => Vec::new(),
            Signed::ByTheSecret => {
                let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
                mac.update(text.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
