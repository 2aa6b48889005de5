"""Who watches which subject, and as which audience. An index in memory, alone."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

W = TypeVar("W", bound=Hashable)


class Watchers(Generic[W]):
    """Each watches a subject as one audience, the last. What nobody watches is not there."""

    def __init__(self) -> None:
        self._audiences: dict[str, dict[str, set[W]]] = {}
        self._subjects: dict[W, dict[str, str]] = {}

    def __contains__(self, subject: str) -> bool:
        return subject in self._audiences

    def __iter__(self) -> Iterator[str]:
        return iter(self._audiences)

    def __len__(self) -> int:
        """How many subjects are watched."""
        return len(self._audiences)

    def watch(self, one: W, subject: str, audience: str) -> None:
        if self.audience(one, subject) == audience:
            return
        self.unwatch(one, subject)
        self._subjects.setdefault(one, {})[subject] = audience
        self._audiences.setdefault(subject, {}).setdefault(audience, set()).add(one)

    def unwatch(self, one: W, subject: str) -> None:
        """Nothing happens where it did not watch."""
        mine = self._subjects.get(one, {})
        audience = mine.pop(subject, None)
        if audience is None:
            return
        if not mine:
            del self._subjects[one]
        audiences = self._audiences[subject]
        audiences[audience].discard(one)
        if not audiences[audience]:
            del audiences[audience]
        if not audiences:
            del self._audiences[subject]

    def leave(self, one: W) -> None:
        """It watches nothing any more."""
        for subject in list(self._subjects.get(one, ())):
            self.unwatch(one, subject)

    def audience(self, one: W, subject: str) -> str | None:
        """As which audience it watches the subject; None when it does not."""
        return self._subjects.get(one, {}).get(subject)

    def audiences(self, subject: str) -> list[str]:
        """Those as which the subject is watched now."""
        return list(self._audiences.get(subject, ()))

    def of(self, subject: str, audience: str) -> list[W]:
        """Who watches the subject as this audience now."""
        return list(self._audiences.get(subject, {}).get(audience, ()))

    def subjects(self, prefix: str) -> list[str]:
        """The watched subjects that begin so."""
        return [subject for subject in self._audiences if subject.startswith(prefix)]
