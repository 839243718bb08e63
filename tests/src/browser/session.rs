//! A browser that was started: starting one costs more than what most tests do in it, so that they use it one
//! after the other, and each gets it as if it had just been started.

use std::path::Path;

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

/// Chromium without windows, where Debian puts it: pages take two thirds of the time. Without it, Chromium.
const SHELL: &str = "/usr/bin/chromium-headless-shell";

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
        builder.capabilities(capabilities());
        let client = runtime.block_on(builder.connect(driver)).unwrap();
        let session = Self {
            scripts,
            runtime,
            client,
        };
        session.wait(session.set_scripts()).unwrap();
        session
    }

    /// Has the scripts of pages run or not, and sees whether they do.
    async fn set_scripts(&self) -> Result<(), CmdError> {
        let are_off = json!({"value": self.scripts == Scripts::Off});
        developer_tools(
            &self.client,
            "Emulation.setScriptExecutionDisabled",
            &are_off,
        )
        .await?;
        let page = "data:text/html,<title>off</title><script>document.title = 'on'</script>";
        self.client.goto(page).await?;
        let seen = match self.scripts {
            Scripts::On => "on",
            Scripts::Off => "off",
        };
        let title = self.client.title().await?;
        assert_eq!(title, seen, "whether scripts of pages run");
        self.client.goto("about:blank").await?;
        developer_tools(&self.client, "Page.resetNavigationHistory", &json!({})).await?;
        Ok(())
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

fn capabilities() -> fantoccini::wd::Capabilities {
    let mut options = json!({"args": ARGUMENTS});
    if Path::new(SHELL).exists() {
        options["binary"] = json!(SHELL);
    }
    let wanted = json!({
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL"},
    });
    wanted.as_object().unwrap().clone()
}
