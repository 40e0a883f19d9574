"""Users, keys and links on the page: who sees the tab, and what comes of its forms."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from .axe import expect_usable_by_all
from .conftest import served
from .visitor import Visitor, press_twice, visitor_of

PASSWORD = "a long password"  # noqa: S105


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with a history and one account."""
    folder = tmp_path_factory.mktemp("access")
    with served(
        folder / "log.txt",
        RICHSPEECH_SERVER__USER="root",
        RICHSPEECH_SERVER__PASSWORD=PASSWORD,
        RICHSPEECH_HISTORY__URL=f"sqlite:///{folder}/history.sqlite",
    ) as address:
        yield address


def log_in(visitor: Visitor, address: str, user: str) -> Page:
    page = visitor.page
    page.goto(address)
    page.get_by_label("Name").fill(user)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.locator("html[data-settled=en]").wait_for(state="attached")
    return page


def add(page: Page, user: str, password: str, role: str = "member") -> None:
    page.locator("#access-user input").fill(user)
    page.locator("#access-password input").fill(password)
    page.locator("#access-role").get_by_label(role).check()
    page.locator("#access-add").click()


def copied_link(page: Page) -> str:
    """Share what is shown, and copy the link."""
    page.locator("#result-tabs [data-tab-id=export]").first.click()
    page.locator("#share-make").click()
    made = page.locator("#share-link")
    expect(made).to_contain_text("can read it without a login, for 7 days")
    link = made.locator("input").input_value()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    made.get_by_role("button", name="Copy").click()
    expect(made.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    return link


def begin_to_write(page: Page, text: str) -> None:
    """Write in the first line, and save nothing; return once the server knows."""
    page.locator("#result-tabs [data-tab-id=text]").first.click()
    page.locator(".lines li .correct").first.click()
    with page.expect_request(lambda each: text in (each.post_data or "")):
        page.locator(".correction textarea").fill(text)


def test_an_admin_lets_a_member_in_who_shares_a_transcript(
    playwright: Playwright, guarded: str
) -> None:
    with visitor_of(playwright, locale="en-US") as admin:
        page = log_in(admin, guarded, "root")
        page.get_by_role("tab", name="Users and keys").click()
        add(page, "ming", "short")
        expect(page.locator("#access-user-said")).to_contain_text("too short")
        expect(page.locator("#access-user input")).to_have_value("ming")
        add(page, "ming", PASSWORD)
        expect(page.locator("#access-user-said")).to_contain_text("ming may log in.")
        expect(page.locator("#access-user input")).to_have_value("")
        expect(page.locator("#access-password input")).to_have_value("")
        page.locator("#access-key-name input").fill("laptop")
        page.locator("#access-make").click()
        expect(page.locator("#access-key-said")).to_contain_text("Nobody is chosen")
        expect(page.locator("#access-key-name input")).to_have_value("laptop")
        page.locator("#access-owner input").click()
        page.get_by_role("option", name="ming", exact=True).click()
        page.locator("#access-make").click()
        expect(page.locator("#access-key-said code")).to_contain_text("rs-")
        expect(page.locator("#access-key-name input")).to_have_value("")
        secret = page.locator("#access-key-said code").inner_text()
        expect_usable_by_all(page)
        headers = {"authorization": f"Bearer {secret}"}
        models = admin.page.request.get(f"{guarded}/v1/models", headers=headers)
        assert models.status == 200
        press_twice(page.get_by_role("button", name="Revoke laptop"))
        expect(page.locator("#access-list")).to_contain_text("The key laptop is revoked.")
        refused = admin.page.request.get(f"{guarded}/v1/models", headers=headers)
        assert refused.status == 401
        add(page, "lee", PASSWORD, "viewer")
        expect(page.locator("#access-user-said")).to_contain_text("lee may log in.")

    with visitor_of(playwright, locale="en-US") as member:
        page = log_in(member, guarded, "ming")
        expect(page.get_by_role("tab", name="Users and keys")).to_have_count(0)
        expect(page.locator("#read-only")).to_be_hidden()
        page.locator("#examples [data-example]").last.click()
        link = copied_link(page)
        begin_to_write(page, "I was writing this")
        with visitor_of(playwright, locale="en-US") as elsewhere:
            page = log_in(elsewhere, guarded, "ming")
            page.locator("#examples [data-example]").last.click()
            expect(page.locator(".correction textarea")).to_have_value("I was writing this")

    with visitor_of(playwright, locale="en-US") as stranger:
        stranger.page.goto(link)
        expect(stranger.page.locator("h1")).not_to_be_empty()
        stranger.page.goto(guarded)
        stranger.page.locator("input[type=password]").wait_for()

    with visitor_of(playwright, locale="en-US") as viewer:
        page = log_in(viewer, guarded, "lee")
        for tab in page.get_by_role("tab").all():
            tab.click()
            expect(page.locator("#read-only")).to_contain_text("not transcribe")
