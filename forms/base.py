"""What every form of ours does: refuse forged shapes, keep what was typed, notice that somebody else changed the
page."""

import hashlib
from typing import Any

from flask import abort, request
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SubmitField

from extensions.log import security

NOT_OURS = frozenset({"csrf_token", "form_key", "seen", "versjon"})


class OurWords:
    """WTForms' own few texts, met only by forged choices; its catalogues would be read anew at each request."""

    def gettext(self, _text: str) -> str:
        return str(_("Velg ett av svarene."))

    def ngettext(self, _one: str, _many: str, _number: int) -> str:
        return self.gettext(_one)


class StepForm(FlaskForm):
    """A form on one page.

    `seen` is a digest of the values the page was made with: when the row has others by the time the form comes back,
    somebody else has changed them (409 with both versions), while changes on other pages disturb nobody.
    """

    class Meta:
        csrf = False  # the guard checks the token, once, before any view

        def get_translations(self, form: Any) -> "OurWords":
            return OurWords()

    seen = HiddenField()

    never_restored: tuple[str, ...] = ()
    """Names of fields, such as consents and declarations, that are never filled in again after an interruption."""

    unwatched: tuple[str, ...] = ()
    """Names of fields that something else than a person may change, which is nobody's conflict."""

    def __init__(self, *, obj: Any = None, held: Any = None, **kwargs: Any) -> None:
        if held is not None and request.method == "GET":
            for name in self.never_restored:
                held.poplist(name)
            super().__init__(formdata=held, obj=obj, **kwargs)
        else:
            super().__init__(obj=obj, **kwargs)
        self._names = [field.name for field in self._answering()]  # a view may take fields away afterwards
        self._now = self.digest_of(obj)
        if self.is_submitted():
            self._check_shape()
        elif held is None:
            self.seen.data = self._now  # a held form keeps what it had seen, so that a change meanwhile is noticed

    @property
    def is_outdated(self) -> bool:
        """Whether the row has changed under this page since it was shown, and the person has not chosen to win."""
        return self.is_submitted() and bool(self.seen.data) and self.seen.data != self._now

    @property
    def status_code(self) -> int:
        return 422 if self.is_submitted() else 200

    def answers(self) -> dict[str, Any]:
        """The typed answers by name, as a service takes them."""
        return {field.name: field.data for field in self._answering()}

    def valid_answers(self) -> dict[str, Any]:
        """The answers that are filled in and valid by themselves, for saving a page before it is finished."""
        self.validate()
        return {
            field.name: field.data
            for field in self._answering()
            if field.data not in (None, "", []) and not field.errors
        }

    def _answering(self) -> list[Field]:
        return [field for field in self if field.name not in NOT_OURS and not isinstance(field, SubmitField)]

    def digest_of(self, obj: Any) -> str:
        """What `seen` holds for a page made with `obj`."""
        names = [name for name in self._names if name not in self.unwatched] if obj is not None else []
        values = [(name, str(getattr(obj, name, None))) for name in names]
        return hashlib.sha256(repr(values).encode()).hexdigest()[:16]

    def _check_shape(self) -> None:
        """Unknown fields are dropped and logged by name; a doubled single field is refused (C40)."""
        unknown = sorted(set(request.form) - set(self._fields) - NOT_OURS - set(EXTRA_BUTTONS))
        if unknown:
            security.warning("unknown fields", extra={"event": "unknown_fields", "fields": unknown[:20]})
        for name in self._fields:
            many = getattr(self._fields[name], "takes_many", False) or hasattr(self._fields[name], "entries")
            if not many and len(request.form.getlist(name)) > 1:
                abort(400)


EXTRA_BUTTONS = ("go", "lagre", "lagre_ny", "forhandsvis", "tilbake", "avbryt")
