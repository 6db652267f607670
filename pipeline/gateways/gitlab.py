"""GitLab's API, for what people look at there: the note of a plan, the issue of a rollback.

What it tells is never worth a run: the caller logs `NotTold` and goes on. The token is in no
message, and goes to no other address than the API's own: a redirect is refused.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

_TIMEOUT_S = 10.0
_MOST_PAGES = 20
_LONGEST_ANSWER = 20 << 20
_MEANS = {
    401: "the token is not valid",
    403: "the token lacks the scope api or the role for it",
    404: "there is no such project or merge request, or the token may not see it",
    409: "GitLab says that this conflicts with what is there",
    429: "GitLab asks to be called less often",
}


class NotTold(Exception):
    """GitLab could not be told; says why, without the token."""


def job_pages(folder: Path, environment: Mapping[str, str]) -> str:
    """Return where GitLab shows the files of a folder; empty where they are no job's artifacts."""
    job, project = environment.get("CI_JOB_URL"), environment.get("CI_PROJECT_DIR")
    place = folder.absolute()
    if not (job and project and place.is_relative_to(project)):
        return ""
    return f"{job}/artifacts/file/{quote(place.relative_to(project).as_posix())}"


@dataclass(frozen=True, kw_only=True)
class Gitlab:
    """One project of one GitLab."""

    api_url: str
    project: str
    token: str = field(repr=False)
    timeout_s: float = _TIMEOUT_S

    def put_note(self, merge_request: str, body: str) -> None:
        """Write a note, or edit the one that begins with the same line. Raises NotTold."""
        notes = f"merge_requests/{quote(merge_request, safe='')}/notes"
        marker = body.partition("\n")[0]
        found = [each for each in self._all(notes) if str(each.get("body")).startswith(marker)]
        if found:
            self._ask("PUT", f"{notes}/{int(found[-1]['id'])}", {"body": body})
        else:
            self._ask("POST", notes, {"body": body})

    def open_issue(self, title: str, description: str) -> None:
        """Open an issue unless an open one has the same title. Raises NotTold."""
        asked = {"state": "opened", "in": "title", "search": title}
        if all(each.get("title") != title for each in self._all("issues", **asked)):
            self._ask("POST", "issues", {"title": title, "description": description})

    def _all(self, path: str, **asked: str) -> Iterator[Mapping[str, Any]]:
        for page in range(1, _MOST_PAGES + 1):
            query = urlencode({**asked, "per_page": "100", "page": str(page)})
            entries = self._ask("GET", f"{path}?{query}")
            if not isinstance(entries, list):
                message = f"GET {path}: the answer is no list"
                raise NotTold(message)
            yield from (each for each in entries if isinstance(each, dict))
            if len(entries) < 100:
                return

    def _ask(self, method: str, path: str, document: Mapping[str, str] | None = None) -> Any:
        what = f"{method} {path.partition('?')[0]}"
        request = Request(
            f"{self.api_url}/projects/{quote(self.project, safe='')}/{path}",
            data=json.dumps(document).encode() if document else None,
            headers={"Content-Type": "application/json", "PRIVATE-TOKEN": self.token},
            method=method,
        )
        try:
            with build_opener(_NoRedirect).open(request, timeout=self.timeout_s) as answer:
                return json.loads(answer.read(_LONGEST_ANSWER))
        except HTTPError as error:
            why = f"{error.code}, {_meaning(error.code)}"
        except (OSError, HTTPException) as error:
            why = f"no answer: {type(error).__name__}"
        except ValueError:
            why = "the answer is no JSON"
        message = f"{what}: {why}"
        raise NotTold(message)


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        """Follow nothing: the token would go along."""
        del req, fp, code, msg, headers, newurl


def _meaning(status: int) -> str:
    if 300 <= status < 400:
        return "a redirect, which is not followed with a token; correct CI_API_V4_URL"
    return _MEANS.get(status, "GitLab failed" if status >= 500 else "GitLab refused it")


def gitlab_of(environment: Mapping[str, str]) -> Gitlab | None:
    """Return the project of this job; None outside of one, and where nobody gave a token."""
    names = ("CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_TOKEN")
    url, project, token = (environment.get(name, "").strip() for name in names)
    if not (url.startswith(("https://", "http://127.0.0.1:")) and project and token.isascii()):
        return None
    return Gitlab(api_url=url.rstrip("/"), project=project, token=token) if token else None
