// Parts of pages: the server draws them by the same template as the whole page.
import { ApiError, refusal } from "./api.js";
import { gettext } from "./words.js";

const PATIENCE_MS = 10_000;

// Return a document with the fragment at `url`; throws ApiError. Reading by itself keeps no
// session alive, which `X-By-Itself` says.
export async function readFragment(url, { byItself = true } = {}) {
  const headers = { "X-Fragment": "1", ...(byItself ? { "X-By-Itself": "1" } : {}) };
  const response = await ask(url, { headers });
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// Send a form; return the JSON answered. Throws ApiError whose message a person can act on.
export async function send(url, values) {
  const response = await ask(url, {
    method: "POST",
    body: new URLSearchParams(values),
    headers: { Accept: "application/json" },
  });
  return response.json();
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, {
      credentials: "same-origin",
      redirect: "manual", // to the sign-in, for whoever is signed out
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...options,
    });
  } catch {
    throw new ApiError(gettext("The server cannot be reached."));
  }
  if (response.type === "opaqueredirect") throw await refusal(new Response(null, { status: 401 }));
  if (!response.ok) throw await refusal(response);
  return response;
}

// Make `from` equal `to` and keep its elements, so that focus and what is typed stay.
export function morph(from, to) {
  if (from.isEqualNode(to)) return;
  syncAttributes(from, to);
  const wanted = [...to.childNodes];
  wanted.forEach((next, place) => {
    const old = from.childNodes[place];
    if (!old) from.append(next);
    else if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName) old.replaceWith(next);
    else if (next.nodeType === Node.ELEMENT_NODE) morph(old, next);
    else if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
  });
  while (from.childNodes.length > wanted.length) from.lastChild.remove();
}

const OURS = ["aria-expanded", "open"]; // what a person did with an element

function syncAttributes(from, to) {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !OURS.includes(name)) from.removeAttribute(name);
  }
  for (const { name, value } of [...to.attributes]) {
    if (!OURS.includes(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}
