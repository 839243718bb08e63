//! A headless Chromium that looks at the console: what a person does in it, and what she sees.
//!
//! Fields are found by their labels, buttons and links by what they say, so that a page that somebody cannot
//! use by ear fails here. What leads to another page waits until that one is there.

mod chrome;
mod driver;
mod look;
mod session;

use std::time::Duration;

use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

use crate::race::until;
use driver::Place;
use session::Session;

pub use look::{Axe, Scheme, Width};

/// How long a page may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the browser runs the scripts of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// As most browsers do.
    On,
    /// As if there were none; what tests run is run all the same.
    Off,
}

/// A key that is no character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// To the next thing that can be used.
    Tab,
    /// Sends a form, follows a link.
    Enter,
}

impl Key {
    fn code(self) -> &'static str {
        match self {
            Self::Tab => "\u{e004}",
            Self::Enter => "\u{e007}",
        }
    }
}

/// A browser that has seen nothing yet, until it is dropped.
#[derive(Debug)]
pub struct Browser {
    address: String,
    session: Option<Session>,
    _place: Place,
}

impl Browser {
    /// One for the pages of the server at `address`; `None`, which is said, where chromedriver is not installed.
    pub fn open(address: &str, scripts: Scripts) -> Option<Self> {
        let driver = driver::driver()?;
        let (place, idle) = Place::take(scripts);
        let session = idle.unwrap_or_else(|| Session::start(driver, scripts));
        Some(Self {
            address: address.to_owned(),
            session: Some(session),
            _place: place,
        })
    }

    fn session(&self) -> &Session {
        self.session.as_ref().unwrap()
    }

    fn client(&self) -> &Client {
        self.session().client()
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.session().wait(work)
    }

    /// Keeps a cookie, which an answer set for somebody else.
    pub fn keep(&self, cookie: &str) {
        let pair = cookie.split(';').next().and_then(|it| it.split_once('='));
        let (name, value) = pair.unwrap();
        let cookie = json!({
            "url": self.address, "name": name, "value": value, "path": "/", "secure": true,
            "httpOnly": true,
        });
        self.tell("Network.setCookie", &cookie);
    }

    /// Opens the page at `path`.
    #[track_caller]
    pub fn go(&self, path: &str) {
        let url = format!("{}{path}", self.address);
        self.wait(self.client().goto(&url)).unwrap();
    }

    /// The path of the page, with its query.
    pub fn path(&self) -> String {
        let url = self.wait(self.client().current_url()).unwrap();
        url.as_str()
            .strip_prefix(&*self.address)
            .unwrap()
            .to_owned()
    }

    /// What the page is called.
    pub fn title(&self) -> String {
        self.wait(self.client().title()).unwrap()
    }

    /// What stands in the page, without what stands around every page.
    pub fn text(&self) -> String {
        self.wait(shown(self.client())).unwrap()
    }

    /// Holds that the page says all of these.
    #[track_caller]
    pub fn says(&self, texts: &[&str]) {
        let page = self.text();
        for text in texts {
            assert!(page.contains(text), "{text:?} is not in:\n{page}");
        }
    }

    /// Holds that the page does not say this.
    #[track_caller]
    pub fn says_nothing_of(&self, text: &str) {
        let page = self.text();
        assert!(!page.contains(text), "{text:?} is in:\n{page}");
    }

    /// Holds that the page begins with what is to be mended, that this is a part of it, and that it has the
    /// focus.
    #[track_caller]
    pub fn complains_of(&self, text: &str) {
        let (role, complaints) = self.wait(async {
            let active = self.client().active_element().await.unwrap();
            (
                active.attr("role").await.unwrap(),
                active.prop("innerText").await.unwrap().unwrap(),
            )
        });
        let complaints = complaints.trim();
        assert_eq!(
            role.as_deref(),
            Some("alert"),
            "{complaints}\n{}",
            self.text()
        );
        assert!(
            complaints.contains(text),
            "{text:?} is not in:\n{complaints}"
        );
        assert!(self.text().starts_with(complaints));
    }

    /// Waits until the page says this by itself: it may come anew while it is read.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        until(text, PATIENCE, || {
            let read = self.wait(shown(self.client()));
            read.is_ok_and(|page| page.contains(text))
        });
    }

    /// Writes `text` into the field with this label, in place of what it has.
    #[track_caller]
    pub fn write(&self, label: &str, text: &str) {
        let field = self.field(label);
        self.wait(async {
            if field.prop("value").await.unwrap().as_deref() != Some("") {
                field.clear().await.unwrap();
            }
            field.send_keys(text).await.unwrap();
        });
    }

    /// Writes the day `MMDDYYYY` and the time `HHMMSSAM`, or `…PM`, into the field with this label, by its parts.
    #[track_caller]
    pub fn write_moment(&self, label: &str, day: &str, clock: &str) {
        let field = self.field(label);
        let keys = format!("{day}{}{clock}", Key::Tab.code());
        self.wait(field.send_keys(&keys)).unwrap();
    }

    /// Chooses the file at `path` for the field with this label.
    #[track_caller]
    pub fn choose_file(&self, label: &str, path: &std::path::Path) {
        let field = self.field(label);
        self.wait(field.send_keys(path.to_str().unwrap())).unwrap();
    }

    /// What the field with this label has.
    #[track_caller]
    pub fn written(&self, label: &str) -> String {
        let field = self.field(label);
        self.wait(field.prop("value")).unwrap().unwrap()
    }

    /// Chooses what is called `choice` in the field with this label.
    #[track_caller]
    pub fn choose(&self, label: &str, choice: &str) {
        let field = self.field(label);
        let chosen = self.wait(field.select_by_label(choice));
        chosen.unwrap_or_else(|error| panic!("{label}: {choice}: {error}"));
    }

    /// Ticks the box with this label, or takes the tick away.
    #[track_caller]
    pub fn tick(&self, label: &str) {
        let field = self.field(label);
        self.wait(field.click()).unwrap();
    }

    /// Whether the box with this label is ticked.
    #[track_caller]
    pub fn is_ticked(&self, label: &str) -> bool {
        let field = self.field(label);
        self.wait(field.is_selected()).unwrap()
    }

    /// Presses the button or follows the link that says `name`, and waits for the page that comes of it.
    #[track_caller]
    pub fn press(&self, name: &str) {
        let found = self.pressable(name);
        self.leave_by(|| self.wait(found.click()).unwrap());
    }

    /// Presses the button that says `name` twice, as quickly as one does.
    #[track_caller]
    pub fn press_twice(&self, name: &str) {
        let found = self.pressable(name);
        let button = MOUSE_BUTTON_LEFT;
        let to = PointerAction::MoveToElement {
            element: found,
            duration: None,
            x: 0.0,
            y: 0.0,
        };
        let mut twice = MouseActions::new("mouse".to_owned()).then(to);
        for _ in 0..2 {
            twice = twice.then(PointerAction::Down { button });
            twice = twice.then(PointerAction::Up { button });
        }
        self.leave_by(|| self.wait(self.client().perform_actions(twice)).unwrap());
    }

    /// Whether there is a button or a link that says `name`.
    pub fn offers(&self, name: &str) -> bool {
        let path = said(name);
        let found = self.wait(self.client().find_all(Locator::XPath(&path)));
        !found.unwrap().is_empty()
    }

    /// Where the link that says `name` leads.
    #[track_caller]
    pub fn link(&self, name: &str) -> String {
        let found = self.pressable(name);
        self.wait(found.attr("href")).unwrap().unwrap()
    }

    /// Presses a key where the focus is.
    pub fn hit(&self, key: Key) {
        self.type_text(key.code());
    }

    /// Presses Enter where the focus is, and waits for the page that comes of it.
    #[track_caller]
    pub fn enter(&self) {
        self.leave_by(|| self.hit(Key::Enter));
    }

    /// Writes where the focus is.
    pub fn type_text(&self, text: &str) {
        self.wait(async {
            let active = self.client().active_element().await.unwrap();
            active.send_keys(text).await.unwrap();
        });
    }

    /// Presses Tab until the focus is on the thing with this id, as often as a person would.
    #[track_caller]
    pub fn tab_to(&self, id: &str) {
        let mut passed = Vec::new();
        while passed.len() < 60 {
            self.hit(Key::Tab);
            let here = self.focus();
            if here == id {
                return;
            }
            passed.push(here);
        }
        panic!("{id} is not reached by Tab, but {passed:?}");
    }

    /// The id of what has the focus, or else what it says.
    pub fn focus(&self) -> String {
        self.wait(async {
            let active = self.client().active_element().await.unwrap();
            match active.attr("id").await.unwrap() {
                Some(id) => id,
                None => active.text().await.unwrap(),
            }
        })
    }

    /// Has a script run in the page, and gives its value.
    #[track_caller]
    pub fn run(&self, script: &str) -> Value {
        self.wait(self.client().execute(script, Vec::new()))
            .unwrap()
    }

    /// What the browser has complained of since this was asked last.
    pub fn complaints(&self) -> Vec<String> {
        self.wait(chrome::complaints(self.client())).unwrap()
    }

    #[track_caller]
    fn find(&self, path: &str) -> Element {
        let found = self.wait(self.client().find(Locator::XPath(path)));
        found.unwrap_or_else(|error| panic!("{path}: {error}\n{}", self.text()))
    }

    #[track_caller]
    fn field(&self, label: &str) -> Element {
        let of = format!("//label[normalize-space()=\"{label}\"]/@for");
        self.find(&format!("//*[@id={of}]"))
    }

    #[track_caller]
    fn pressable(&self, name: &str) -> Element {
        self.find(&said(name))
    }

    /// Does what leads away from this page, and waits until it is away.
    #[track_caller]
    fn leave_by(&self, leave: impl FnOnce()) {
        let page = self.find("/html");
        leave();
        until("another page comes", PATIENCE, || {
            let known = self.wait(page.tag_name());
            known.is_err_and(|error| error.is_stale_element_reference())
        });
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else {
            return;
        };
        if std::thread::panicking() {
            let client = session.client();
            let url = session.wait(client.current_url());
            if let (Ok(url), Ok(text)) = (url, session.wait(shown(client))) {
                #[expect(clippy::print_stderr, reason = "a test has failed")]
                {
                    eprintln!("--- the page at {url}\n{text}");
                }
            }
            session.close();
        } else if session.forget(&self.address).is_ok() {
            Place::keep(session);
        } else {
            session.close();
        }
    }
}

/// What the page shows, without what stands around every page, and with blanks between the cells of a row.
async fn shown(client: &Client) -> Result<String, CmdError> {
    let script = "return document.querySelector('main').innerText.trim().replaceAll('\\t', ' ')";
    let text = client.execute(script, Vec::new()).await?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}

/// The path of a button or a link that says `name`, aloud or to the eye.
fn said(name: &str) -> String {
    format!(
        "//*[self::a or self::button][normalize-space()=\"{name}\" or @aria-label=\"{name}\"]\
         [not(@aria-hidden)]"
    )
}
