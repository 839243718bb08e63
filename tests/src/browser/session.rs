//! A browser that was started: starting one costs more than what most tests do in it, so that they use it one
//! after the other, and each gets it as if it had just been started.

use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::Scripts;
use super::chrome::{complaints, developer_tools};

/// Without a display, without what a browser does for itself in the network or ahead of time, and as root.
const ARGUMENTS: [&str; 15] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--disable-features=BackForwardCache,SpareRendererForSitePerProcess",
    "--force-prefers-reduced-motion",
    "--lang=en-US",
    "--window-size=1280,900",
    "--hide-scrollbars",
    // It ends with whoever started it.
    "--remote-debugging-pipe",
];

/// A session of chromedriver, which is a browser with a profile of its own.
#[derive(Debug)]
pub(super) struct Session {
    scripts: Scripts,
    runtime: Runtime,
    client: Client,
}

impl Session {
    /// Has the chromedriver at `driver` start a browser.
    pub(super) fn start(driver: &str, scripts: Scripts) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(scripts));
        let client = runtime.block_on(builder.connect(driver)).unwrap();
        Self {
            scripts,
            runtime,
            client,
        }
    }

    pub(super) fn scripts(&self) -> Scripts {
        self.scripts
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Leaves the pages of `address`, and makes the browser forget them and how it looked at them.
    pub(super) fn forget(&self, address: &str) -> Result<(), Box<CmdError>> {
        let forgotten = [
            ("Network.clearBrowserCookies", json!({})),
            ("Network.clearBrowserCache", json!({})),
            (
                "Storage.clearDataForOrigin",
                json!({"origin": address, "storageTypes": "all"}),
            ),
            ("Page.resetNavigationHistory", json!({})),
            ("Emulation.clearDeviceMetricsOverride", json!({})),
            ("Emulation.setEmulatedMedia", json!({"features": []})),
        ];
        self.wait(async {
            self.client.goto("about:blank").await?;
            for (command, parameters) in forgotten {
                developer_tools(&self.client, command, &parameters).await?;
            }
            complaints(&self.client).await?;
            Ok(())
        })
    }

    /// Ends the browser.
    pub(super) fn close(self) {
        // Whatever is left of it ends with chromedriver.
        let _ = self.runtime.block_on(self.client.close());
    }
}

fn capabilities(scripts: Scripts) -> fantoccini::wd::Capabilities {
    let preferences = match scripts {
        Scripts::On => json!({}),
        Scripts::Off => json!({"profile.managed_default_content_settings.javascript": 2}),
    };
    let wanted = json!({
        "goog:chromeOptions": {"args": ARGUMENTS, "prefs": preferences},
        "goog:loggingPrefs": {"browser": "ALL"},
    });
    wanted.as_object().unwrap().clone()
}
