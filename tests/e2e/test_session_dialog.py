"""The warning before the session ends (ux.md 4.2), on a clock the test moves."""

from collections.abc import Callable

from tests.e2e.conftest import Visitor


def test_the_warning_comes_two_minutes_before_and_can_be_answered(visitor: Callable[..., Visitor]) -> None:
    person = visitor()
    person.page.clock.install()
    person.sign_in("submitter_municipality")
    dialog = person.page.locator("dialog#okt")
    person.page.clock.fast_forward("27:59")
    assert not dialog.is_visible()
    person.page.clock.fast_forward("00:02")
    assert dialog.is_visible()
    assert "Vil du fortsatt være innlogget?" in dialog.inner_text()
    person.looks_right("session dialog")
    with person.page.expect_response("**/okt/forleng") as answer:
        dialog.get_by_role("button", name="Hold meg innlogget").click()
    assert answer.value.status == 204
    dialog.wait_for(state="hidden")


def test_when_the_time_is_out_the_page_says_so_and_keeps_the_text(visitor: Callable[..., Visitor]) -> None:
    person = visitor()
    person.page.clock.install()
    person.sign_in("submitter_municipality")
    person.page.clock.fast_forward("30:01")
    dialog = person.page.locator("dialog#okt")
    assert "Du er logget ut" in dialog.inner_text()
    dialog.get_by_role("button", name="Lukk").click()
    dialog.wait_for(state="hidden")


def test_activity_in_another_tab_keeps_this_one_quiet(visitor: Callable[..., Visitor]) -> None:
    person = visitor()
    person.page.clock.install()
    person.sign_in("submitter_municipality")
    person.page.clock.fast_forward("27:00")
    other = person.page.context.new_page()
    other.goto(person.page.url)
    person.page.wait_for_timeout(200)
    person.page.clock.fast_forward("02:00")
    assert not person.page.locator("dialog#okt").is_visible()
