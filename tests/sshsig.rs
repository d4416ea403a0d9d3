//! Signatures against OpenSSH's own answers: `ssh-keygen -Y verify` on cases that are generated here, live where the program
//! is installed, and from `tests/data/sshsig/cases.json` everywhere. `UPDATE=1 cargo test --test sshsig` writes that file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stderr,
    reason = "a test that panics has failed, as it should; tests own their environment"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use changegate::source::SourceId;
use changegate::sshsig::{AllowedSigners, Signature};
use data_encoding::BASE64;
use ed25519_dalek::{Signer, SigningKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};

const NAMESPACE: &str = "changegate-approval@v1";
const MESSAGE: &str = "{\"by\":\"dave@acme.example\"}\n";

/// Signatures by name, and what was asked about them.
#[derive(Default, Serialize, Deserialize)]
struct Cases {
    /// Which program answered.
    program: String,
    signatures: BTreeMap<String, String>,
    cases: Vec<Case>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Case {
    name: String,
    signature: String,
    allowed: String,
    principal: String,
    namespace: String,
    /// `YYYYMMDDHHMMSSZ`.
    at: String,
    message: String,
    accepted: bool,
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sshsig/cases.json")
}

/// Our answer.
fn ours(cases: &Cases, case: &Case) -> bool {
    let (signers, _) = AllowedSigners::parse(&case.allowed, SourceId(0));
    let at = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &case.at[..4],
        &case.at[4..6],
        &case.at[6..8],
        &case.at[8..10],
        &case.at[10..12],
        &case.at[12..14]
    );
    let Ok(signature) = Signature::parse(&cases.signatures[&case.signature]) else { return false };
    signature.verify(case.message.as_bytes(), &case.namespace).is_ok()
        && signers.allow(&case.principal, signature.key(), &case.namespace, at.parse().unwrap()).is_ok()
}

#[test]
fn kept_answers_of_ssh_keygen() {
    let cases: Cases = serde_json::from_str(&std::fs::read_to_string(data()).unwrap()).unwrap();
    assert!(cases.cases.len() >= 200, "{} cases", cases.cases.len());
    let accepted = cases.cases.iter().filter(|case| case.accepted).count();
    assert!(accepted >= 50 && cases.cases.len() - accepted >= 100, "{accepted} of {}", cases.cases.len());
    let differ: Vec<&str> =
        cases.cases.iter().filter(|case| ours(&cases, case) != case.accepted).map(|case| case.name.as_str()).collect();
    assert!(differ.is_empty(), "{} of {} differ: {differ:#?}", differ.len(), cases.cases.len());
    eprintln!("{0} of {0} cases agree with ssh-keygen -Y ({accepted} accepted)", cases.cases.len());
}

#[test]
fn live_answers_of_ssh_keygen() {
    let Some(bench) = Bench::new() else {
        eprintln!("skipped: ssh-keygen is not installed");
        return;
    };
    let cases = bench.cases();
    let differ: Vec<String> = cases
        .cases
        .iter()
        .filter(|case| ours(&cases, case) != case.accepted)
        .map(|case| format!("{}: ssh-keygen says {}", case.name, case.accepted))
        .collect();
    assert!(differ.is_empty(), "{} of {} differ: {differ:#?}", differ.len(), cases.cases.len());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(data().parent().unwrap()).unwrap();
        std::fs::write(data(), serde_json::to_string_pretty(&cases).unwrap() + "\n").unwrap();
    }
}

/// A scratch folder with keys and a certificate authority.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Option<Self> {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        let keys = [
            ("ed25519", &["-t", "ed25519"][..]),
            ("p256", &["-t", "ecdsa", "-b", "256"]),
            ("p384", &["-t", "ecdsa", "-b", "384"]),
            ("rsa2048", &["-t", "rsa", "-b", "2048"]),
            ("rsa3072", &["-t", "rsa", "-b", "3072"]),
            ("other", &["-t", "ed25519"]),
            ("ca", &["-t", "ed25519"]),
            ("rsaca", &["-t", "rsa", "-b", "2048"]),
        ];
        for (name, kind) in keys {
            let args = [kind, &["-q", "-N", "", "-C", name, "-f", name]].concat();
            bench.ssh_keygen(&args, "").filter(|(done, _)| *done)?;
        }
        Some(bench)
    }

    /// Whether it succeeded, and its output; `None` when there is no such program.
    fn ssh_keygen(&self, args: &[&str], input: &str) -> Option<(bool, String)> {
        use std::io::Write;
        let mut command = Command::new("ssh-keygen");
        command.args(args).current_dir(self.folder.path()).env("TZ", "UTC");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        // A program that refuses before it reads closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Some((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    fn public(&self, key: &str) -> String {
        let text = std::fs::read_to_string(self.folder.path().join(format!("{key}.pub"))).unwrap();
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    fn sign(&self, key: &str, namespace: &str, message: &str, hash: &str) -> String {
        let hash = format!("hashalg={hash}");
        let args = ["-q", "-Y", "sign", "-n", namespace, "-O", &hash, "-f", key];
        self.ssh_keygen(&args, message).filter(|(done, _)| *done).unwrap().1
    }

    /// A certificate of the ed25519 key, and a signature with it.
    fn certified(&self, name: &str, authority: &str, options: &[&str]) -> String {
        for end in ["", ".pub"] {
            std::fs::copy(
                self.folder.path().join(format!("ed25519{end}")),
                self.folder.path().join(format!("{name}{end}")),
            )
            .unwrap();
        }
        let public = format!("{name}.pub");
        let args = [&["-q", "-s", authority, "-I", name][..], options, &[&public]].concat();
        assert!(self.ssh_keygen(&args, "").unwrap().0, "{args:?}");
        let certificate = format!("{name}-cert.pub");
        let args = ["-q", "-Y", "sign", "-n", NAMESPACE, "-f", &certificate];
        // The private half lies beside the certificate under its own name.
        std::fs::copy(self.folder.path().join(name), self.folder.path().join(format!("{name}-cert"))).unwrap();
        self.ssh_keygen(&args, MESSAGE).filter(|(done, _)| *done).unwrap().1
    }

    fn ask(&self, cases: &Cases, case: &Case) -> bool {
        let write = |name: &str, text: &str| std::fs::write(self.folder.path().join(name), text).unwrap();
        write("signature", &cases.signatures[&case.signature]);
        write("allowed", &case.allowed);
        let at = format!("verify-time={}", case.at);
        let args = [
            "-Y",
            "verify",
            "-f",
            "allowed",
            "-I",
            &case.principal,
            "-n",
            &case.namespace,
            "-s",
            "signature",
            "-O",
            &at,
        ];
        self.ssh_keygen(&args, &case.message).unwrap().0
    }

    fn cases(&self) -> Cases {
        let mut cases = Cases::default();
        let version =
            Command::new("ssh").arg("-V").output().map(|o| String::from_utf8_lossy(&o.stderr).trim().to_owned());
        cases.program = version.unwrap_or_default();
        self.of_keys(&mut cases);
        self.of_options(&mut cases);
        self.of_principals(&mut cases);
        self.of_certificates(&mut cases);
        self.of_damage(&mut cases);
        self.of_tokens(&mut cases);
        let answers: Vec<bool> = cases.cases.iter().map(|case| self.ask(&cases, case)).collect();
        cases.cases.iter_mut().zip(answers).for_each(|(case, accepted)| case.accepted = accepted);
        cases
    }

    /// Every kind of key and hash: as signed, of another message, in another namespace, by another key.
    fn of_keys(&self, cases: &mut Cases) {
        for key in ["ed25519", "p256", "p384", "rsa2048", "rsa3072"] {
            let allowed = format!("dave@acme.example {} dave\n", self.public(key));
            for hash in ["sha256", "sha512"] {
                let name = format!("{key} {hash}");
                cases.signatures.insert(name.clone(), self.sign(key, NAMESPACE, MESSAGE, hash));
                cases.add(&name, &name, &allowed, |_| {});
                cases.add(&format!("{name}, other message"), &name, &allowed, |c| c.message.push('x'));
                cases.add(&format!("{name}, no message"), &name, &allowed, |c| c.message.clear());
                cases.add(&format!("{name}, asked as git"), &name, &allowed, |c| c.namespace = "git".into());
                cases.add(&format!("{name}, by somebody else"), &name, &allowed, |c| {
                    c.principal = "erin@acme.example".into();
                });
                let other = format!("dave@acme.example {}\n", self.public("other"));
                cases.add(&format!("{name}, other key"), &name, &other, |_| {});
                cases.add(
                    &format!("{name}, as authority"),
                    &name,
                    &allowed.replace(" ssh-", " cert-authority ssh-").replace(" ecdsa-", " cert-authority ecdsa-"),
                    |_| {},
                );
            }
            let git = format!("{key} git");
            cases.signatures.insert(git.clone(), self.sign(key, "git", MESSAGE, "sha512"));
            cases.add(&git, &git, &allowed, |c| c.namespace = "git".into());
            cases.add(&format!("{git}, asked as approval"), &git, &allowed, |_| {});
        }
    }

    /// Namespaces and validity, on the instant and one second beside it.
    fn of_options(&self, cases: &mut Cases) {
        let key = self.public("ed25519");
        let options = [
            "namespaces=\"changegate-approval@v1\"",
            "namespaces=\"git\"",
            "namespaces=\"git,changegate-approval@v1\"",
            "namespaces=\"changegate-*\"",
            "namespaces=\"*,!changegate-approval@v1\"",
            "namespaces=\"!git,*\"",
            "namespaces=\"!git\"",
            "namespaces=\"\"",
            "NAMESPACES=\"git\"",
            "namespaces=\"git\",namespaces=\"*\"",
            "namespaces=changegate-approval@v1",
            "valid-after=\"20260609080000Z\"",
            "valid-before=\"20260609080000Z\"",
            "valid-after=\"20260609Z\"",
            "valid-before=\"20260609Z\"",
            "valid-after=\"202606090800Z\"",
            "valid-before=\"202606090800Z\"",
            "valid-after=\"20260609080000\"",
            "valid-before=\"20260609080000UTC\"",
            "valid-after=\"20260230Z\"",
            "valid-before=\"20260632Z\"",
            "valid-after=\"soon\"",
            "valid-after=\"2026\"",
            "valid-after=\"20260609080000Z\",valid-before=\"20260609080002Z\"",
            "valid-after=\"20260609080002Z\",valid-before=\"20260609080000Z\"",
            "valid-before=\"20260609080000Z\",valid-before=\"20270609080000Z\"",
            "no-such-option",
            "namespaces=\"*\",",
            ",namespaces=\"*\"",
            "valid-after=\"20250101Z\",valid-before=\"20270101Z\",namespaces=\"changegate-approval@v1\"",
        ];
        for option in options {
            let allowed = format!("dave@acme.example {option} {key} dave\n");
            let instants: &[&str] = match option.contains("valid") {
                true => &["20260609075959Z", "20260609080000Z", "20260609080001Z", "20260609080003Z"],
                false => &["20260609080000Z"],
            };
            for at in instants {
                cases.add(&format!("{option} at {at}"), "ed25519 sha512", &allowed, |c| c.at = (*at).into());
            }
        }
    }

    /// Who is named by a line, and what becomes of lines that cannot be read.
    fn of_principals(&self, cases: &mut Cases) {
        let (key, other) = (self.public("ed25519"), self.public("other"));
        let lists = [
            "*",
            "*@acme.example",
            "erin@acme.example,dave@acme.example",
            "d?ve@acme.example",
            "!dave@acme.example,*",
            "*,!dave@acme.example",
            "!erin@acme.example,*",
            "!erin@acme.example",
            "DAVE@acme.example",
            "dave",
            "dave@acme.exampl",
            "\"dave@acme.example\"",
            "\"erin dave@acme.example\"",
            "dave@acme.example*",
            "?dave@acme.example",
            "",
        ];
        for list in lists {
            cases.add(&format!("principals {list}"), "ed25519 sha512", &format!("{list} {key}\n"), |_| {});
        }
        let good = format!("dave@acme.example {key}\n");
        let files = [
            ("empty", String::new()),
            ("comments and blanks", format!("# dave\n\n   \n\t# x\n  {good}")),
            ("second line", format!("erin@acme.example {other}\n{good}")),
            ("same person, second key", format!("dave@acme.example {other}\n{good}")),
            ("broken line before", format!("dave@acme.example ssh-ed25519 AAAA\n{good}")),
            ("line without a key before", format!("dave@acme.example\n{good}")),
            ("bad option before", format!("dave@acme.example nonsense {key}\n{good}")),
            ("expired line before", format!("dave@acme.example valid-before=\"20200101Z\" {key}\n{good}")),
            ("other namespace before", format!("dave@acme.example namespaces=\"git\" {key}\n{good}")),
            ("kind that does not fit", format!("dave@acme.example {}\n", key.replace("ssh-ed25519", "ssh-rsa"))),
            ("tabs", format!("dave@acme.example\t{}\tcomment\n", key.replace(' ', "\t"))),
            ("no line feed at the end", good.trim_end().to_owned()),
            ("carriage return", format!("dave@acme.example {key}\r\n")),
            ("quote that is not closed", format!("\"dave@acme.example {key}\n")),
        ];
        for (name, allowed) in files {
            cases.add(name, "ed25519 sha512", &allowed, |_| {});
        }
    }

    fn of_certificates(&self, cases: &mut Cases) {
        let validity = ["-V", "20260609080000Z:20260609090000Z"];
        let made = [
            ("certificate", "ca", [&["-n", "dave@acme.example"][..], &validity].concat()),
            ("certificate of two", "ca", [&["-n", "erin@acme.example,dave@acme.example"][..], &validity].concat()),
            ("certificate of erin", "ca", [&["-n", "erin@acme.example"][..], &validity].concat()),
            ("certificate with a pattern", "ca", [&["-n", "*@acme.example"][..], &validity].concat()),
            ("certificate for ever", "ca", vec!["-n", "dave@acme.example"]),
            ("certificate of a host", "ca", [&["-h", "-n", "dave@acme.example"][..], &validity].concat()),
            ("certificate by rsa", "rsaca", [&["-n", "dave@acme.example"][..], &validity].concat()),
            (
                "certificate with a command",
                "ca",
                [&["-O", "force-command=true", "-n", "dave@acme.example"][..], &validity].concat(),
            ),
        ];
        for (n, (name, authority, options)) in made.iter().enumerate() {
            cases.signatures.insert((*name).into(), self.certified(&format!("c{n}"), authority, options));
            let line = |options: &str, key: &str| format!("*@acme.example {options}{}\n", self.public(key));
            for at in ["20260609075959Z", "20260609080000Z", "20260609085959Z", "20260609090000Z"] {
                cases.add(&format!("{name} at {at}"), name, &line("cert-authority ", authority), |c| c.at = at.into());
            }
            cases.add(&format!("{name}, other authority"), name, &line("cert-authority ", "other"), |_| {});
            cases.add(&format!("{name}, authority as a signer"), name, &line("", authority), |_| {});
            cases.add(&format!("{name}, its key as a signer"), name, &line("", "ed25519"), |_| {});
            cases.add(
                &format!("{name}, authority that has expired"),
                name,
                &line("cert-authority,valid-before=\"20260101Z\" ", authority),
                |_| {},
            );
            cases.add(
                &format!("{name}, authority of git"),
                name,
                &line("cert-authority,namespaces=\"git\" ", authority),
                |_| {},
            );
        }
    }

    /// A bit here and there, and armour that is not whole.
    fn of_damage(&self, cases: &mut Cases) {
        let allowed = format!("dave@acme.example {}\n", self.public("ed25519"));
        let whole = cases.signatures["ed25519 sha512"].clone();
        let body: String = whole.lines().filter(|line| !line.starts_with("-----")).collect();
        let blob = BASE64.decode(body.as_bytes()).unwrap();
        for at in (0..blob.len()).step_by(7) {
            let mut damaged = blob.clone();
            damaged[at] ^= 1;
            let name = format!("bit of byte {at}");
            cases.signatures.insert(name.clone(), armored(&damaged));
            cases.add(&name, &name, &allowed, |_| {});
        }
        for (name, text) in [
            ("cut short", armored(&blob[..blob.len() - 1])),
            ("a byte more", armored(&[&blob[..], &[0]].concat())),
            ("nothing", String::new()),
            ("no armour", body),
            ("no end", whole.replace("-----END SSH SIGNATURE-----", "")),
        ] {
            cases.signatures.insert(name.into(), text);
            cases.add(name, name, &allowed, |_| {});
        }
    }

    /// Keys on tokens, signed here as a token would.
    fn of_tokens(&self, cases: &mut Cases) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let application = "ssh:changegate";
        let kind = "sk-ssh-ed25519@openssh.com";
        let blob =
            [framed(kind.as_bytes()), framed(key.verifying_key().as_bytes()), framed(application.as_bytes())].concat();
        let allowed = format!("dave@acme.example {kind} {}\n", BASE64.encode(&blob));
        for (name, flags, signed_flags, signed_application) in [
            ("token", 1_u8, 1_u8, application),
            ("token that was not touched", 0, 0, application),
            ("token with other flags", 5, 1, application),
            ("token for another application", 1, 1, "ssh:"),
        ] {
            let digest = Sha512::digest(MESSAGE);
            let message =
                [b"SSHSIG", &framed(NAMESPACE.as_bytes())[..], &framed(b""), &framed(b"sha512"), &framed(&digest)]
                    .concat();
            let counter = 9_u32.to_be_bytes();
            let data =
                [&Sha256::digest(signed_application)[..], &[signed_flags], &counter, &Sha256::digest(&message)[..]]
                    .concat();
            let signature =
                [framed(kind.as_bytes()), framed(&key.sign(&data).to_bytes()), vec![flags], counter.to_vec()].concat();
            let parts =
                [framed(&blob), framed(NAMESPACE.as_bytes()), framed(b""), framed(b"sha512"), framed(&signature)]
                    .concat();
            cases.signatures.insert(name.into(), armored(&[b"SSHSIG\0\0\0\x01", &parts[..]].concat()));
            cases.add(name, name, &allowed, |_| {});
        }
    }
}

impl Cases {
    fn add(&mut self, name: &str, signature: &str, allowed: &str, change: impl FnOnce(&mut Case)) {
        let mut case = Case {
            name: name.into(),
            signature: signature.into(),
            allowed: allowed.into(),
            principal: "dave@acme.example".into(),
            namespace: NAMESPACE.into(),
            at: "20260609083000Z".into(),
            message: MESSAGE.into(),
            accepted: false,
        };
        change(&mut case);
        self.cases.push(case);
    }
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

fn armored(blob: &[u8]) -> String {
    let base64 = BASE64.encode(blob);
    let lines: Vec<&str> = base64.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n"))
}
