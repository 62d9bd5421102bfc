// Moving about on the map: wheel, drag, pinch, double click, buttons. Nothing needs a drag.

const STEP = 1.5;

export function listenToGestures(stage, map) {
  const pointers = new Map();
  const changed = () => {
    stage.classList.toggle("is-zoomed", !map.view.isFitted);
    map.refresh();
    stage.dispatchEvent(new CustomEvent("moved"));
  };
  const at = (event) => {
    const { left, top } = stage.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };

  stage.addEventListener(
    "wheel",
    (event) => {
      const outwards = event.deltaY > 0;
      if (outwards && map.view.isFitted) return; // all is in sight: let the page scroll
      event.preventDefault();
      map.view.zoomAt(Math.exp(-event.deltaY * 0.0022), ...at(event));
      changed();
    },
    { passive: false },
  );
  stage.addEventListener("dblclick", (event) => {
    map.view.zoomAt(STEP * STEP, ...at(event));
    changed();
  });
  stage.addEventListener("pointerdown", (event) => {
    if (event.target.closest("a")) return; // a captured pointer would not click it
    pointers.set(event.pointerId, at(event));
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = at(event);
    if (pointers.size === 1) map.view.move(now[0] - before[0], now[1] - before[1]);
    else pinch(map.view, pointers, event.pointerId, now);
    pointers.set(event.pointerId, now);
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  return {
    zoom(direction) {
      const { width, height } = map.view;
      map.view.zoomAt(direction > 0 ? STEP : 1 / STEP, width / 2, height / 2);
      changed();
    },
    fit() {
      map.view.fit();
      changed();
    },
    look(box) {
      map.view.look(box);
      changed();
    },
    pan(dx, dy) {
      map.view.move(dx, dy);
      changed();
    },
    reveal(index) {
      map.view.reveal(map.plane.x[index], map.plane.y[index]);
      changed();
    },
  };
}

function pinch(view, pointers, moved, now) {
  const [, other] = [...pointers].find(([id]) => id !== moved);
  const before = pointers.get(moved);
  const spread = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
  view.zoomAt(spread(now) / spread(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
}
