"""Reading a page as a browser does: its forms with the values they would send."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str | None
    method: str
    values: dict[str, str | list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, value: str) -> None:
        if name not in self.values:
            self.values[name] = value
        elif isinstance(self.values[name], list):
            self.values[name].append(value)  # type: ignore[union-attr]
        else:
            self.values[name] = [self.values[name], value]  # type: ignore[list-item]


class Page(HTMLParser):
    """A page's POST forms in <main>, in order, with what their fields hold now."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._all: list[Form] = []
        self._in_main = False
        self._form: Form | None = None
        self._textarea: str | None = None
        self._select: str | None = None
        self._text = ""
        self.feed(html)

    def form(self, number: int = 0) -> Form:
        return self.forms[number]

    def form_to(self, action: str) -> Form:
        """The form that posts to an address ending in `action`, anywhere on the page."""
        return next(form for form in self._all if (form.action or "").endswith(action))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        a = dict(attributes)
        if tag == "main":
            self._in_main = True
        elif tag == "form":
            self._form = Form(a.get("action"), (a.get("method") or "get").lower())
            if self._form.method == "post":
                self._all.append(self._form)
                if self._in_main:
                    self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and a.get("name"):
            if a.get("type") in ("radio", "checkbox"):
                if "checked" in a:
                    self._form.add(a["name"] or "", a.get("value") or "on")
            elif a.get("type") not in ("submit", "file"):
                self._form.add(a["name"] or "", a.get("value") or "")
        elif tag == "textarea":
            self._textarea, self._text = a.get("name"), ""
        elif tag == "select":
            self._select = a.get("name")
            self._form.values.setdefault(self._select or "", "")
        elif tag == "option" and self._select and "selected" in a:
            self._form.values[self._select] = a.get("value") or ""
        elif tag == "button" and a.get("name"):
            self._form.buttons.append((a["name"] or "", a.get("value") or ""))

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea and self._form:
            self._form.add(self._textarea, self._text.replace("\r\n", "\n").removeprefix("\n"))
            self._textarea = None
        elif tag == "select":
            self._select = None
        elif tag == "form":
            self._form = None
        elif tag == "main":
            self._in_main = False
