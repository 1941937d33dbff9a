/** Long press, without the tap that would follow it. */

const HOLD_MS = 450;
const SLOP_PX = 10;

/** Call `run(target)` when a finger rests on something inside `node`. */
export function longPress(node, run, signal) {
  let timer = null;
  let start = null;
  const stop = () => clearTimeout(timer);
  const begin = (event) => {
    stop();
    if (event.pointerType !== "touch") return;
    start = event;
    timer = setTimeout(() => {
      swallowNextClick(node);
      run(event.target);
    }, HOLD_MS);
  };
  const moved = ({ clientX, clientY }) => {
    if (start && Math.hypot(clientX - start.clientX, clientY - start.clientY) > SLOP_PX) stop();
  };
  node.addEventListener("pointerdown", begin, { signal });
  node.addEventListener("pointermove", moved, { signal });
  for (const type of ["pointerup", "pointercancel"]) node.addEventListener(type, stop, { signal });
  node.addEventListener(
    "contextmenu",
    (event) => event.pointerType === "touch" && event.preventDefault(),
    { signal },
  );
}

function swallowNextClick(node) {
  const swallow = (event) => {
    event.stopPropagation();
    event.preventDefault();
  };
  node.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => node.removeEventListener("click", swallow, { capture: true }), 1000);
}
