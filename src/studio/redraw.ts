const listeners: (() => void)[] = [];
let isPlanned = false;

/** Has the page drawn after every change. */
export function onRedraw(draw: () => void): void {
  listeners.push(draw);
}

/** Draws the page anew with the next frame: what shows the state has changed. */
export function redraw(): void {
  if (isPlanned) return;
  isPlanned = true;
  // A page in the background gets no frames, but must know what happened when it is looked at again.
  const plan = document.visibilityState === "visible" ? requestAnimationFrame : queueMicrotask;
  plan(() => {
    isPlanned = false;
    for (const draw of listeners) draw();
  });
}
