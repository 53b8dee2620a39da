let draw = (): void => {};
let isPlanned = false;

/** Sets the function that draws the page. */
export function onRedraw(drawPage: () => void): void {
  draw = drawPage;
}

/** Draws the page with the next frame. Call it after every change of the state. */
export function redraw(): void {
  if (isPlanned) return;
  isPlanned = true;
  // A page in the background gets no frames, but must know what happened when it is looked at again.
  const plan = document.visibilityState === "visible" ? requestAnimationFrame : queueMicrotask;
  plan(() => {
    isPlanned = false;
    draw();
  });
}
