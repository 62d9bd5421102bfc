// Asks the device for a passkey and sends what it answers with the form. The server's options and
// the device's answer are the JSON of WebAuthn: bytes are base64url.
const OPTIONS = "passkey-options";

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function named(list) {
  return (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
}

// Return the options with bytes where the browser wants bytes.
function readable(options) {
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) read.allowCredentials = named(options.allowCredentials);
  if (options.excludeCredentials) read.excludeCredentials = named(options.excludeCredentials);
  return read;
}

function sendable(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"];
  const held = parts.filter((part) => response[part]);
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: Object.fromEntries(held.map((part) => [part, text(response[part])])),
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

function say(form, what) {
  for (const kind of ["problem", "known", "missing"]) {
    const words = form.querySelector(`[data-passkey-${kind}]`);
    if (words) words.hidden = kind !== what;
  }
}

async function ask(form, button) {
  say(form, "");
  if (!form.reportValidity()) return;
  const publicKey = readable(JSON.parse(document.getElementById(OPTIONS).textContent));
  try {
    const credential = await navigator.credentials[button.dataset.passkey]({ publicKey });
    form.querySelector('[name="passkey"]').value = JSON.stringify(sendable(credential));
    form.submit();
  } catch (problem) {
    say(form, problem.name === "InvalidStateError" ? "known" : "problem");
    button.focus();
  }
}

for (const form of document.querySelectorAll("[data-passkey-form]")) {
  const button = form.querySelector("[data-passkey]");
  if (!button) continue;
  if (!window.PublicKeyCredential) {
    say(form, "missing");
    continue;
  }
  button.closest("[data-passkey-part]").hidden = false;
  button.addEventListener("click", () => ask(form, button));
  // Enter in the field for the name means the button, which is no submit.
  if (button.dataset.passkey === "create") {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(form, button);
    });
  }
}
