// Single keys, which a person may switch off.

const KEPT = "segs-alert-keys";

function kept() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
}

// Call `keys[key]` for a key pressed where nothing is typed; `box` is the tick that switches it.
export function listenToKeys(keys, box) {
  box.checked = kept();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(KEPT, box.checked ? "on" : "off");
    } catch {
      // the choice lasts as long as the page
    }
  });
  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function isTyping(target) {
  return target.matches?.("input:not([type=checkbox]):not([type=radio]):not([type=button]), select, textarea, [contenteditable]");
}
