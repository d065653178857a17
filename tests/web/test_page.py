"""test_page.py: the agents' page in a headless Chromium, against the mock or (SEADESK_DESK_URL) a running stack."""
import json
import re

import pytest
from selenium.webdriver.common.keys import Keys

from browser import AGE_NEXT_COMMAND, NARROW, SWALLOW_NEXT_COMMAND, WIDE, Page, eventually
from desk_world import FOREIGN_MARKET, FOREIGN_TEXT, REPLY, SECOND_TEXT, SENT_STATES

def own_reply(page, text):
    """The bubble of a reply, with its delivery, once it is on the page."""
    return page.wait(".message[data-way='out']", text)


def delivery_of(page, text):
    return own_reply(page, text).find_element("css selector", ".badge").get_attribute("data-delivery")


def take_open(page, ticket_id):
    page.open(ticket_id)
    page.take()


def test_a_wrong_password_is_refused_and_a_right_one_lets_in(world):
    page = Page(world.url)
    try:
        page.open()
        page.sign_in(password="wrong")
        page.wait("#sign-in-error", "wrong")
        page.sign_in()
        page.gone("#sign-in form")
        page.wait("#link-state[data-state='live']")
        assert page.errors() == []
    finally:
        page.close()


def test_signing_out_shows_the_sign_in_form_again(world):
    page = Page(world.url)
    try:
        page.open()
        page.sign_in()
        page.wait("#link-state[data-state='live']")
        page.click("#presence")
        page.click("#sign-out")
        page.wait("#password")
    finally:
        page.close()


def test_a_new_ticket_comes_into_the_list_by_itself(page, world):
    page.click("[data-view='all']")
    ticket_id = world.customer_writes(world.new_customer())
    page.wait(f".row[data-id='{ticket_id}']", FOREIGN_MARKET)
    page.wait(f".row[data-id='{ticket_id}']", "WhatsApp")


def test_an_open_ticket_shows_the_original_and_its_translation(page, ticket_id):
    page.open(ticket_id)
    page.click("[data-texts='both']")

    def shown():
        message = page.seen(".message[data-way='in'][data-translation='done']")
        if not message:
            return None
        original = message.find_element("css selector", "[data-kind='original']")
        translation = message.find_element("css selector", "[data-kind='translation']")
        return original.text, original.get_attribute("lang"), original.get_attribute("dir"), translation.text
    original, language, direction, translation = eventually(shown)
    assert original == FOREIGN_TEXT
    assert language.startswith("pt")
    assert direction == "auto"
    assert translation and translation != FOREIGN_TEXT


def test_the_original_can_be_folded_away_and_asked_for(page, ticket_id):
    page.open(ticket_id)
    page.wait(".message[data-translation='done']")
    page.click("[data-texts='translation']")
    page.gone(".message [data-kind='original']")
    page.click(".unfold")
    page.wait(".message [data-kind='original']", FOREIGN_TEXT)
    page.click("[data-texts='both']")


def test_a_taken_ticket_is_answered_and_the_delivery_is_followed_by_the_stream(page, world, ticket_id):
    take_open(page, ticket_id)
    page.reply(REPLY)
    own_reply(page, REPLY)
    eventually(lambda: delivery_of(page, REPLY) in SENT_STATES)
    assert page.value("#text") == ""
    sent = [m for m in world.ticket(ticket_id)["messages"] if m["direction"] == "out" and m["text"] == REPLY]
    assert len(sent) == 1
    assert sent[0]["translation"]["state"] != "none", "an English reply to a Brazilian is translated"


def test_the_customers_next_message_appears_while_the_ticket_is_open(page, world):
    phone = world.new_customer()
    ticket_id = world.customer_writes(phone)
    page.open(ticket_id)
    world.customer_writes(phone, SECOND_TEXT)
    page.wait(".message[data-way='in']", SECOND_TEXT)


def test_a_note_stays_with_the_colleagues(page, world, ticket_id):
    take_open(page, ticket_id)
    page.click(".modes [data-mode='note']")
    page.type("#text", "Ask the carrier first.")
    page.click("#submit")
    page.wait(".message[data-way='note']", "Ask the carrier first.")


def test_a_ticket_is_resolved_with_tags(page, world, ticket_id):
    take_open(page, ticket_id)
    page.click(".modes [data-mode='resolve']")
    page.type("#tag-issue", "delivery")
    page.type("#tag-emotion", "worried")
    page.type("#tag-product_version", "X-200")
    page.click("#submit")
    page.wait("#ticket-status[data-status='resolved']")
    tags = world.ticket(ticket_id)["tags"]
    assert (tags["issue"], tags["emotion"], tags["product_version"]) == ("delivery", "worried", "X-200")


def test_a_ticket_is_snoozed_until_a_time(page, ticket_id):
    take_open(page, ticket_id)
    page.click(".modes [data-mode='snooze']")
    page.click(".presets button", "In 4 h")
    page.click("#submit")
    page.wait("#ticket-status[data-status='snoozed']")


def test_a_transfer_to_nobody_known_is_refused_in_words(page, ticket_id):
    take_open(page, ticket_id)
    page.click(".modes [data-mode='transfer']")
    page.type("#transfer-to", "queue:no-such-queue")
    page.click("#submit")
    page.wait(".notice[data-status='409']", "no such queue or colleague")


def test_a_reply_to_a_ticket_that_is_not_ones_own_is_refused_in_words(page, ticket_id):
    page.open(ticket_id)
    page.reply(REPLY)
    page.wait(".notice[data-status='409'][role='alert']", "not assigned to you")
    assert page.value("#text") == REPLY, "the words are kept"
    page.take()
    page.click("#submit")
    own_reply(page, REPLY)


def test_a_change_behind_ones_back_is_shown_and_the_reply_sent_after_a_look(page, ticket_id):
    take_open(page, ticket_id)
    page.script(AGE_NEXT_COMMAND)
    page.reply(REPLY)
    page.wait(".notice[data-status='412']", "changed while you worked")
    page.click(".notice button", "send again")
    own_reply(page, REPLY)
    page.gone(".notice")


def test_an_unconfirmed_command_is_asked_again_with_the_same_key(page, world, ticket_id):
    take_open(page, ticket_id)
    page.script(SWALLOW_NEXT_COMMAND)
    page.reply(REPLY)
    page.wait(".notice[data-status='202']", "Waiting")
    own_reply(page, REPLY)
    keys = page.script("return window.commandKeys")
    assert len(keys) >= 2 and len(set(keys)) == 1
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", keys[0])
    assert len([m for m in world.ticket(ticket_id)["messages"] if m["text"] == REPLY]) == 1


def test_an_empty_reply_is_not_sent(page, ticket_id):
    page.open(ticket_id)
    page.click(".modes [data-mode='reply']")
    page.wait("#text").clear()
    page.click("#submit")
    page.wait(".notice", "Write something first")


def test_a_draft_is_kept_while_another_ticket_is_open(page, world, ticket_id):
    other = world.customer_writes(world.new_customer())
    page.open(ticket_id)
    page.type("#text", "half a sentence")
    page.open(other)
    eventually(lambda: page.value("#text") == "")
    page.open(ticket_id)
    eventually(lambda: page.value("#text") == "half a sentence")
    page.wait("#text").clear()


def test_a_search_by_ticket_id_finds_that_ticket_alone(page, ticket_id):
    page.click("[data-view='all']")
    page.type("#search", ticket_id)
    eventually(lambda: [row.get_attribute("data-id") for row in page.all(".row")] == [ticket_id])
    page.wait("#search").send_keys(Keys.CONTROL, "a", Keys.BACKSPACE)
    eventually(lambda: len(page.all(".row")) > 1)


def test_a_filter_by_market_leaves_only_that_market(page, ticket_id):
    page.click("[data-view='all']")
    page.click("#filter-button")
    page.wait("[data-filter='market']").send_keys(FOREIGN_MARKET)
    eventually(lambda: {chip.text for chip in page.all(".row .market")} == {FOREIGN_MARKET})
    page.click(".filters button", "Clear")
    page.click("#filter-button")


def test_the_language_changes_at_once_and_is_remembered(page, ticket_id):
    page.open(ticket_id)
    page.click("#language")
    page.wait("[data-view='all']", "全部")
    page.wait(".modes [data-mode='reply']", "回复")
    page.driver.refresh()
    page.wait("[data-view='all']", "全部")
    page.click("#language")
    page.wait("[data-view='all']", "All")


def test_the_theme_changes_the_colours(page):
    colour = "return getComputedStyle(document.body).backgroundColor"
    page.script("localStorage.setItem('seadesk.theme', '\"light\"')")
    page.driver.refresh()
    page.wait("#link-state[data-state='live']")
    light = page.script(colour)
    page.click("#theme")
    assert page.script(colour) != light
    page.click("#theme")


def test_the_keyboard_does_the_daily_work(page, ticket_id):
    page.click("[data-view='all']")
    page.wait(".row")
    page.leave_fields()
    page.press("j")
    assert page.script("return document.activeElement.closest('.row') !== null")
    page.press(Keys.ENTER)
    page.wait(".talk-pane[data-has='ticket']")
    page.open(ticket_id)
    page.leave_fields()
    page.press("n")
    page.wait(".mode-fields[data-mode='note']")
    page.press("tnz")
    assert page.value("#text") == "tnz", "what is typed is text"
    page.wait("#text").clear()
    page.press(Keys.ESCAPE)
    page.press("?")
    page.wait("#help kbd")
    page.press(Keys.ESCAPE)
    page.gone("#help")


def test_a_message_tells_where_it_went(page, ticket_id):
    page.open(ticket_id)
    page.script("document.querySelector('.message .icon-button').click()")
    page.wait("#story tbody tr")
    page.press(Keys.ESCAPE)
    page.gone("#story")


def test_a_narrow_screen_shows_one_area_at_a_time_without_sideways_scrolling(page, ticket_id):
    page.resize(NARROW)
    try:
        page.click("#tabs [data-pane='list']")
        page.click("[data-view='all']")
        page.wait(".row")
        page.gone(".info-pane")
        page.open(ticket_id)
        page.wait("#text")
        page.gone(".row")
        page.click("#tabs [data-pane='info']")
        page.wait(".info-pane", "Customer")
        assert page.script("return document.documentElement.scrollWidth <= innerWidth")
    finally:
        page.resize(WIDE)


def test_every_control_has_a_name(page, ticket_id):
    """What a screen reader says of each button, field and link: never nothing."""
    page.open(ticket_id)
    for mode in ("reply", "note", "resolve", "transfer", "snooze", "video"):
        page.click(f".modes [data-mode='{mode}']")
        nameless = page.script("""
            return [...document.querySelectorAll("button, input, select, textarea, a")]
              .filter((e) => e.checkVisibility())
              .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length))
              .map((e) => e.outerHTML)""")
        assert nameless == []


def test_the_page_sets_no_styles_and_runs_no_scripts_in_the_markup(page, ticket_id):
    page.open(ticket_id)
    assert page.script("return document.querySelectorAll('[style], script:not([src]), style').length") == 0


def test_what_a_customer_writes_is_never_markup(page, world):
    ticket_id = world.customer_writes(world.new_customer(), "<img src=x onerror=document.title='owned'><b>oi</b>")
    page.open(ticket_id)
    page.wait(".message [data-kind='original']", "<b>oi</b>")
    assert page.all(".message img, .message b") == []
    assert "owned" not in page.driver.title


def test_all_that_was_said_stands_beside_the_ticket(page, world):
    phone = world.new_customer()
    ticket_id = world.customer_writes(phone)
    page.open(ticket_id)
    page.click("#history-summary")
    page.wait("#history li[data-way='in']", "WhatsApp")
    assert page.all("#history a") == [], "all of it is of this ticket"
    world.customer_writes(phone, SECOND_TEXT)

    def is_all_there():
        shown = [line.get_attribute("data-event-id") for line in page.all("#history li")]
        return len(shown) >= 2 and sorted(shown) == sorted(message["event_id"] for message in world.ticket(ticket_id)["messages"])
    eventually(is_all_there)
    page.click("#history-summary")


@pytest.mark.usefixtures("mock_only")
class TestShapes:
    """What only the mock's own data show: every state of deliveries, clocks, orders, and long lists."""

    def open_row(self, page, title):
        page.driver.refresh()
        page.wait("#link-state[data-state='live']")
        page.click("[data-view='all']")
        page.click(".row a", title)
        page.wait("#talk-head h2", title)
        page.wait("#log .message")

    def test_each_delivery_state_says_why(self, page):
        self.open_row(page, "Falsche Größe")
        blocked = page.wait(".delivery[data-delivery='blocked']", "contains a forbidden word")
        assert blocked.find_element("xpath", "..").find_element("css selector", "mark").text == "guarantee"
        page.wait(".delivery[data-delivery='held']", "quiet hours")
        assert re.search(r"goes out .*\d\d:\d\d \(.*\d\d:\d\d there\)", page.wait(".release").text)
        page.wait(".delivery[data-delivery='delivered']", "by SMS")
        page.wait(".delivery[data-delivery='uncertain']", "did not answer")

    def test_what_is_attached_is_named_and_its_address_nothing_to_click_on(self, page):
        """CH-15"""
        self.open_row(page, "Falsche Größe")
        page.wait(".attachments li", "<i>shoe</i>.mp4 · video/mp4 · 118 KiB")
        page.wait(".attachments li:last-child", "Attachment · could not be fetched")
        assert [link.get_attribute("href").partition("/api/")[2] for link in page.all(".attachments a")] == ["v1/media/7/0"]
        assert page.all(".attachments i") == []

    def test_a_blocked_reply_goes_back_into_the_composer(self, page):
        self.open_row(page, "Falsche Größe")
        page.click(".delivery[data-delivery='blocked'] button")
        eventually(lambda: "We guarantee" in page.value("#text"))
        page.wait("#text").clear()

    def test_the_order_shows_milestones_exceptions_parcels_and_notices(self, page):
        self.open_row(page, "About order 1001")
        page.wait(".exception[data-open='true']", "tax number is missing")
        page.wait(".exception[data-open='true']", "expected")
        page.wait(".exception[data-open='false']", "over since")
        assert [step.text.split("\n")[0] for step in page.all(".milestones li[data-reached='true']")] == [
            "Placed", "Paid", "Dispatched", "In customs"]
        page.wait(".parcel", "LX123456789CN")
        page.wait(".notices", "Held")

    def test_clocks_count_down(self, page):
        self.open_row(page, "About order 1001")
        first = page.wait(".clocks li[data-clock='warned'] .countdown").text
        eventually(lambda: page.wait(".clocks li[data-clock='warned'] .countdown").text != first)
        page.wait(".clocks li[data-clock='met']")

    def test_right_to_left_text_runs_right_to_left(self, page):
        self.open_row(page, "متى يصل الطلب؟")
        text = page.wait(".message [data-kind='original']")
        assert page.script("return arguments[0].matches(':dir(rtl)')", text)
        assert page.script("return document.documentElement.matches(':dir(ltr)')")

    def test_each_translation_state_is_said(self, page):
        self.open_row(page, "متى يصل الطلب؟")
        page.wait(".translation-note[data-translation='held']")
        self.open_row(page, "返品について")
        page.wait(".translation-note[data-translation='failed']")
        self.open_row(page, "About order 1001")
        page.wait(".translation-note[data-translation='pending']")

    def test_a_long_conversation_is_shown_through_a_window(self, page):
        self.open_row(page, "A long conversation")
        page.wait(".message", "Message number 150.")
        assert len(page.all(".message")) <= 60
        page.click(".window-step", "older")
        page.wait(".message", "Message number 60.")
        assert len(page.all(".message")) <= 60
        page.click(".window-step", "newer")
        page.wait(".message", "Message number 150.")

    def test_the_whole_conversation_is_read_page_by_page_the_newest_first(self, page):
        self.open_row(page, "A long conversation")
        page.click("#history-summary")
        page.wait("#history li:first-child", "Message number 150.")
        assert len(page.all("#history li")) == 20
        page.click("#history-older")
        page.wait("#history li:last-child", "Message number 111.")
        assert len(page.all("#history li")) == 40
        assert page.script("return document.activeElement.id") == "history-older"

    def test_what_was_said_by_another_channel_leads_to_its_ticket(self, page):
        self.open_row(page, "About order 1001")
        page.click("#history-summary")
        page.wait("#history li[data-way='in']", "SMS")
        page.wait("#history li", "And how do I send the CPF?")
        assert len(page.all("#history a")) == 1
        page.click("#history a")
        page.wait(".message", "Is anybody there?")

    def test_the_list_is_turned_page_by_page(self, page):
        self.open_row(page, "About order 1001")
        first = {row.get_attribute("data-id") for row in page.all(".row")}
        page.click(".pages button", "Next")
        page.wait(".pages", "Page 2")
        eventually(lambda: page.all(".row") and not first & {row.get_attribute("data-id") for row in page.all(".row")})
        page.click(".pages button", "Previous")
        page.wait(".pages", "Page 1")

    def test_a_session_that_ended_asks_for_the_password_and_keeps_the_draft(self, page, world):
        self.open_row(page, "About order 1001")
        page.type("#text", "half a sentence")
        world.server.RequestHandlerClass.desk.sessions.clear()
        page.script("document.querySelector('#submit').click()")  # a poll may have asked for the password already
        page.wait("#password")
        page.sign_in()
        page.gone("#sign-in form")
        assert page.value("#text") == "half a sentence"
        page.wait("#text").clear()
        page.go_online()

    def test_presence_and_capacity_reach_the_desk(self, page, world):
        desk = world.server.RequestHandlerClass.desk
        page.click("#presence")
        page.type("#weight", "7")
        page.click("#presence-menu button", "Apply capacity")
        eventually(lambda: desk.presence["ana"]["capacity"]["weight"] == 7)
        assert json.dumps(desk.presence["ana"], sort_keys=True) == json.dumps(
            {"state": "online", "capacity": {"weight": 7, "channels": {"phone": 1}}}, sort_keys=True)
        page.press(Keys.ESCAPE)
