// The quarantine and the worklist of validation: how many are chosen, and all of a page at once.
import { startBar } from "./bar.js";
import { number } from "./format.js";
import { fill, gettext } from "./words.js";

startBar(document.querySelector("[data-page]"), () => {});

const form = document.querySelector("[data-part=decide]");
const words = form?.querySelector("[data-part=chosen]");
if (words) watch([...form.querySelectorAll("input[name=ids]")], form.querySelector("[data-part=all]"));

function watch(boxes, all) {
  const decide = [...form.querySelectorAll(".decide-bar [name=decision]")];

  function show() {
    const count = boxes.filter((box) => box.checked).length;
    words.textContent = count ? fill(gettext("%(count)s chosen"), { count: number(count) }) : gettext("none chosen");
    for (const button of decide) button.disabled = !count;
  }

  all.hidden = false;
  all.addEventListener("click", () => {
    for (const box of boxes) box.checked = true;
    show();
  });
  form.addEventListener("change", show);
  show();
}
