"""Reads a collection of requests (Postman's form 2.1) as its clients do, and sends them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.test import Client

FORM = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_VARIABLE = re.compile(r"{{(\w+)}}")
# A line of a script that runs after the answer: it keeps a member of it as a variable.
_KEEPS = re.compile(r"pm\.collectionVariables\.set\('(\w+)', answer\.(\w+)\);")


class NotReadable(Exception):
    """No client could import or run this."""


@dataclass
class Runner:
    """Holds the variables of a collection, which requests name and answers change."""

    document: dict[str, Any]
    client: Client
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.document["info"]["schema"] != FORM or not self.document["info"]["name"]:
            raise NotReadable(self.document["info"])
        self.variables = {each["key"]: each["value"] for each in self.document["variable"]}

    def items(self) -> Iterator[dict[str, Any]]:
        """Yield every request, those in folders too."""
        waiting = list(self.document["item"])
        while waiting:
            item = waiting.pop(0)
            if "item" in item:
                waiting = item["item"] + waiting
            else:
                yield item

    def send(self, item: dict[str, Any]) -> Any:
        """Send one request, and run what is to be done with its answer."""
        request = item["request"]
        headers = {each["key"]: self.filled(each["value"]) for each in request.get("header", [])}
        headers |= self._proof(request.get("auth", self.document["auth"]))
        kind = headers.pop("Content-Type", "application/octet-stream")
        body = self.filled(request["body"]["raw"]) if "body" in request else ""
        answer = self.client.generic(
            request["method"], self.address(request["url"]), body, kind, headers=headers
        )
        for event in item.get("event", []):
            self._after(event, answer)
        return answer

    def address(self, url: dict[str, Any]) -> str:
        """Return path and query; raises NotReadable when raw and parts say different things."""
        raw = self.filled(url["raw"])
        if raw != self.filled("/".join([*url["host"], *url["path"]])):
            raise NotReadable(url)
        query = {
            each["key"]: self.filled(each["value"])
            for each in url.get("query", [])
            if not each.get("disabled")
        }
        path = urlsplit(raw).path
        return f"{path}?{urlencode(query)}" if query else path

    def filled(self, text: str) -> str:
        """Return a text with its variables filled in, those of variables too."""
        for name in _VARIABLE.findall(text):
            if name not in self.variables:
                message = f"{name} is no variable of the collection"
                raise NotReadable(message)
            text = text.replace(f"{{{{{name}}}}}", self.filled(self.variables[name]))
        return text

    def _proof(self, auth: dict[str, Any]) -> dict[str, str]:
        if auth["type"] == "noauth":
            return {}
        if auth["type"] != "bearer":
            raise NotReadable(auth)
        (token,) = (each["value"] for each in auth["bearer"] if each["key"] == "token")
        return {"Authorization": f"Bearer {self.filled(token)}"}

    def _after(self, event: dict[str, Any], answer: Any) -> None:
        kept = _KEEPS.findall("\n".join(event["script"]["exec"]))
        said = json.loads(answer.content) if answer.content else {}
        if event["listen"] != "test" or not kept:
            raise NotReadable(event)
        if "access" in said:
            self.variables |= {name: said[member] for name, member in kept}
