// Every page of the clerk: the top bar's link and clock.
import { startBar } from "./bar.js";

startBar(document.querySelector("[data-page]"), () => {});
