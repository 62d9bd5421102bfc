// What screen readers say by themselves: "spoken" when they have finished, "shouted" at once.
// Each message is a line of its own, so that one that comes a moment later silences none.

const KEPT_MS = 10_000; // longer than a reader takes to notice an addition
const KEPT = 5;

export function speak(id, words) {
  const region = document.getElementById(id);
  if (!region) return;
  const line = document.createElement("span");
  line.textContent = `${words} `;
  region.append(line);
  while (region.childElementCount > KEPT) region.firstElementChild.remove();
  setTimeout(() => line.remove(), KEPT_MS);
}
