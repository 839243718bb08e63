//! What a page looks like: light and dark, wide and narrow, as a picture, and to axe-core.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::chrome::developer_tools;
use super::{Browser, driver};
use crate::process::target;

/// How high the window is.
const HEIGHT: u64 = 900;

/// Which colours a person prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Scheme {
    /// As style sheets call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How wide the window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 1280 px.
    Full,
    /// Half of that, as if everything were twice as large.
    Half,
}

impl Width {
    fn pixels(self) -> u32 {
        match self {
            Self::Full => 1280,
            Self::Half => 640,
        }
    }
}

/// axe-core, which finds what hinders people in a page.
#[derive(Debug)]
pub struct Axe(String);

impl Axe {
    /// The one that is installed; `None`, which is said, where there is none.
    pub fn installed() -> Option<Self> {
        let file = target().join("axe/node_modules/axe-core/axe.min.js");
        let script = std::fs::read_to_string(&file).ok();
        if script.is_none() {
            driver::skipped(&file.display().to_string());
        }
        script.map(Self)
    }

    /// What it finds in the page that `browser` shows: which rule, where, and why.
    #[track_caller]
    pub fn violations(&self, browser: &Browser) -> Vec<String> {
        let load = browser.client().execute(&self.0, Vec::new());
        browser.wait(load).unwrap();
        found(browser, &json!({"resultTypes": ["violations"]}))
    }

    /// What it finds too faint to be read in a page that it has looked at before, whose colours are others now.
    #[track_caller]
    pub fn faint(&self, browser: &Browser) -> Vec<String> {
        let contrast = json!({"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]});
        found(browser, &contrast)
    }
}

/// What axe-core finds with these options.
#[track_caller]
fn found(browser: &Browser, options: &Value) -> Vec<String> {
    let run = "const [options, done] = arguments; \
               axe.run(document, options).then(it => done(it.violations))";
    let run = browser.client().execute_async(run, vec![options.clone()]);
    let found = browser.wait(run).unwrap();
    let told = found.as_array().unwrap().iter().flat_map(|violation| {
        let nodes = violation["nodes"].as_array().unwrap().iter();
        nodes.map(|node| {
            format!(
                "{}: {} {}",
                violation["id"], node["html"], node["failureSummary"]
            )
        })
    });
    told.collect()
}

impl Browser {
    /// Prefers these colours from now on.
    pub fn prefer(&self, scheme: Scheme) {
        let feature = json!({"name": "prefers-color-scheme", "value": scheme.name()});
        self.tell(
            "Emulation.setEmulatedMedia",
            &json!({"features": [feature]}),
        );
    }

    /// Is as wide as this from now on.
    pub fn widen(&self, width: Width) {
        self.measure(width, HEIGHT);
    }

    /// Keeps a picture of the whole page, so wide, below `target/screenshots`.
    pub fn picture(&self, name: &str, width: Width) {
        self.widen(width);
        let page = self.tell("Page.getLayoutMetrics", &json!({}));
        let height = page["cssContentSize"]["height"].as_u64().unwrap();
        // In a window that has all of it, what sticks to an edge is where it belongs.
        self.measure(width, height.max(HEIGHT));
        let format = json!({"format": "png", "optimizeForSpeed": true});
        let picture = self.tell("Page.captureScreenshot", &format);
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        let file = target().join(format!("screenshots/{name}.png"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
        self.widen(width);
    }

    fn measure(&self, width: Width, height: u64) {
        let metrics = json!({
            "width": width.pixels(), "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.tell("Emulation.setDeviceMetricsOverride", &metrics);
    }

    pub(super) fn tell(&self, command: &str, parameters: &Value) -> Value {
        self.wait(developer_tools(self.client(), command, parameters))
            .unwrap()
    }
}
