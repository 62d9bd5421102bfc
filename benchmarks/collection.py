"""`make schema`: the API's description as a collection to import and run against the demo.

The form is Postman's 2.1, which Bruno, Insomnia and Hoppscotch import too. Run `Sign in` first:
it keeps the tokens that all other requests carry.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

FORM = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
PEOPLE = {
    "operator": "operator@demo.segs.example",
    "admin": "admin@demo.segs.example",
    "clerk": "clerk@demo.segs.example",
    "customer": "customer@demo.segs.example",
}
VARIABLES = {
    "url": "http://127.0.0.1:8000",
    "email": PEOPLE["operator"],
    "password": "segs-demo",
    "key": "segs-demo-key",
    "access": "",
    "refresh": "",
    "code": "Mumbai-North",
    "region": "Mumbai-North",
    "meter": "MTR-00000001",
    "kwh": "10",
    "id": "1",
    "passkey_id": "1",
    "place": "0",
    "start": "2026-10-01",
    "end": "2026-11-01",
}
KEEP_TOKENS = [
    "const answer = pm.response.json();",
    "if (answer.access) {",
    "  pm.collectionVariables.set('access', answer.access);",
    "  pm.collectionVariables.set('refresh', answer.refresh);",
    "}",
]
SIGNS_IN = {"auth_login", "auth_login_second_factor", "auth_refresh", "auth_change_password"}
SENT: dict[str, Json] = {
    "auth_refresh": {"refresh": "{{refresh}}"},
    "auth_logout": {"refresh": "{{refresh}}"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("schema", type=Path)
    parser.add_argument("collection", type=Path)
    options = parser.parse_args()
    made = collection(yaml.safe_load(options.schema.read_text()))
    options.collection.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")


def collection(schema: Json) -> Json:
    """Return the collection: a sign-in for each account, then a folder for each tag."""
    folders: dict[str, list[Json]] = {}
    for path, item in schema["paths"].items():
        for verb, operation in item.items():
            folders.setdefault(operation["tags"][0], []).append(
                _request(schema, path, verb, operation)
            )
    return {
        "info": {"name": schema["info"]["title"], "description": __doc__, "schema": FORM},
        "auth": {"type": "bearer", "bearer": [_pair("token", "{{access}}", type="string")]},
        "variable": [_pair(name, value) for name, value in VARIABLES.items()],
        "item": [_sign_in(role, email) for role, email in PEOPLE.items()]
        + [{"name": tag, "item": items} for tag, items in sorted(folders.items())],
    }


def _sign_in(role: str, email: str) -> Json:
    sent = {"email": email, "password": "{{password}}"}
    return {
        "name": f"Sign in as {role}",
        "event": [_keep_tokens()],
        "request": {
            "method": "POST",
            "auth": {"type": "noauth"},
            "url": _url("/api/auth/login", []),
            **_body(sent),
        },
    }


def _request(schema: Json, path: str, verb: str, operation: Json) -> Json:
    name = operation["operationId"]
    request: Json = {
        "method": verb.upper(),
        "description": operation["description"],
        "url": _url(path, operation.get("parameters", [])),
    }
    contents = operation.get("requestBody", {}).get("content", {})
    content = contents.get("application/json")
    if content is not None:
        request |= _body(SENT.get(name) or _example(schema, content))
    elif "multipart/form-data" in contents:
        request["body"] = {"mode": "formdata", "formdata": [{"key": "file", "type": "file"}]}
    if {"apiKey": []} in operation.get("security", []):
        request["auth"] = {"type": "noauth"}
        request.setdefault("header", []).append(_pair("X-Api-Key", "{{key}}"))
    made: Json = {"name": name, "request": request}
    return made | ({"event": [_keep_tokens()]} if name in SIGNS_IN else {})


def _example(schema: Json, content: Json) -> Any:
    if "example" in content:
        return content["example"]
    name = content["schema"]["$ref"].rpartition("/")[2]
    return schema["components"]["schemas"][name]["examples"][0]


def _url(path: str, parameters: list[Json]) -> Json:
    filled = re.sub(r"{(\w+)}", r"{{\1}}", path)
    query = [
        {
            "key": parameter["name"],
            "value": f"{{{{{parameter['name']}}}}}"
            if parameter["name"] in VARIABLES
            else str(parameter["schema"].get("default", "")),
            "description": parameter.get("description", ""),
            "disabled": not parameter.get("required", False),
        }
        for parameter in parameters
        if parameter["in"] == "query"
    ]
    return {
        "raw": "{{url}}" + filled,
        "host": ["{{url}}"],
        "path": filled.strip("/").split("/"),
        "query": query,
    }


def _body(sent: Any) -> Json:
    return {
        "header": [_pair("Content-Type", "application/json")],
        "body": {
            "mode": "raw",
            "raw": json.dumps(sent, indent=2, ensure_ascii=False),
            "options": {"raw": {"language": "json"}},
        },
    }


def _keep_tokens() -> Json:
    return {"listen": "test", "script": {"type": "text/javascript", "exec": KEEP_TOKENS}}


def _pair(key: str, value: str, **more: str) -> Json:
    return {"key": key, "value": value} | more


if __name__ == "__main__":
    main()
