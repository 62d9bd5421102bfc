// The window's title: the page's own, led by what matters more: how the link does, what waits.

const ORDER = ["link", "alerts"];
const own = document.title;
const led = new Map();

// Lead the title with the words of one of ORDER; empty words lead no more.
export function lead(name, words) {
  led.set(name, words);
  const title = [...ORDER.map((each) => led.get(each)).filter(Boolean), own].join(" ");
  if (document.title !== title) document.title = title;
}
