// Tells the server now and then that somebody is at the page: reading numbers by itself does not
// keep the page's session alive.
const EVERY_MS = 5 * 60_000;
const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];

const form = document.querySelector("form[data-present]");
let toldAt = Date.now();

async function tell() {
  if (Date.now() - toldAt < EVERY_MS) return;
  toldAt = Date.now();
  const token = form.querySelector('[name="csrfmiddlewaretoken"]').value;
  try {
    await fetch(form.dataset.present, { method: "POST", headers: { "X-CSRFToken": token } });
  } catch {
    toldAt = 0; // the next sign tries again
  }
}

if (form) for (const sign of SIGNS) addEventListener(sign, tell, { passive: true });
