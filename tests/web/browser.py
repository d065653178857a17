"""browser.py: a headless Chromium on the desk's page, and what its tests do there by hand and eye."""
import shutil
import tempfile

from selenium import webdriver
from selenium.common.exceptions import ElementNotInteractableException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import desk_world
from desk_world import PASSWORD, USER

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en-GB")
WIDE = (1280, 800)
NARROW = (390, 844)

# Answers the next command with 202 and doesn't pass it on, as if the router's word hadn't come in time.
SWALLOW_NEXT_COMMAND = """
const real = window.fetch;
window.commandKeys = [];
window.fetch = (url, options) => {
  if (options?.method !== "POST") return real(url, options);
  window.commandKeys.push(options.headers["Idempotency-Key"]);
  if (window.commandKeys.length > 1) return real(url, options);
  return Promise.resolve(new Response('{"event_id":"none"}', { status: 202 }));
};
"""

# Lets the next command come from a page that had not seen the ticket's last change.
AGE_NEXT_COMMAND = """
const real = window.fetch;
window.fetch = (url, options) => {
  if (options?.method !== "POST") return real(url, options);
  window.fetch = real;
  const body = JSON.parse(options.body);
  body.expected_version -= 1;
  return real(url, { ...options, body: JSON.stringify(body) });
};
"""


def eventually(ask, seconds=60):
    """Asks until the answer is true; an element that the page replaced or hid meanwhile is asked for again."""
    def again():
        try:
            return ask()
        except (ElementNotInteractableException, StaleElementReferenceException):
            return None
    return desk_world.eventually(again, seconds)


class Page:
    """The page of one agent."""

    def __init__(self, url, size=WIDE):
        self.url = url
        self.folder = tempfile.mkdtemp(prefix="seadesk-chromium-")
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in (*FLAGS, f"--user-data-dir={self.folder}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.resize(size)

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)

    def resize(self, size):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})

    def open(self, ticket_id=None):
        """Opens the page, or one ticket in it."""
        if ticket_id is None:
            self.driver.get(self.url)
        else:
            self.driver.execute_script("location.hash = arguments[0]", f"#/t/{ticket_id}")
            self.wait(f"#composer[data-ticket='{ticket_id}']")
            self.wait(".talk-pane[data-has='ticket'] #log .message")

    def sign_in(self, user=USER, password=PASSWORD):
        self.type("#user", user)
        self.type("#password", password)
        self.click("#sign-in-go")

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, selector, text=None, seconds=60):
        """The first element of the selector that is seen, with `text` in it."""
        return eventually(lambda: self.seen(selector, text), seconds)

    def seen(self, selector, text=None):
        return next((element for element in self.all(selector)
                     if element.is_displayed() and (text is None or text in element.text)), None)

    def wait_free(self, selector, text=None):
        """The same once no command is under way: until then what is clicked or typed there counts for nothing."""
        def free():
            element = self.seen(selector, text)
            return element if element and element.is_enabled() else None
        return eventually(free)

    def gone(self, selector, seconds=60):
        eventually(lambda: not self.seen(selector), seconds)

    def click(self, selector, text=None):
        def clicked():
            self.wait_free(selector, text).click()
            return True
        eventually(clicked)

    def type(self, selector, text):
        def typed():
            field = self.wait_free(selector)
            field.clear()
            field.send_keys(text)
            return True
        eventually(typed)

    def value(self, selector):
        return self.wait(selector).get_attribute("value")

    def press(self, keys):
        def pressed():
            self.driver.switch_to.active_element.send_keys(keys)
            return True
        eventually(pressed)

    def leave_fields(self):
        self.driver.execute_script("document.activeElement.blur()")

    def script(self, source, *values):
        return self.driver.execute_script(source, *values)

    def go_online(self):
        self.click("#presence")
        self.click("#presence-menu [data-presence='online']")
        self.wait("#presence[data-presence='online']")
        self.press(Keys.ESCAPE)
        self.gone("#presence-menu")

    def take(self):
        self.click("#take")
        self.wait("#ticket-assignee", "You")
        self.wait("#ticket-status[data-status='assigned']")

    def reply(self, text):
        self.click(".modes [data-mode='reply']")
        self.type("#text", text)
        self.click("#submit")

    def errors(self):
        """What the page complained of on the console, but for refusals that the test asked for."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and "status of 4" not in entry["message"]]
