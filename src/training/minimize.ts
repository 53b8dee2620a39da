/** A function of a vector, with its gradient. */
export type Differentiable = (x: Float64Array) => Promise<{ value: number; gradient: Float64Array }>;

/** Steps whose changes of the gradient are remembered. */
const MEMORY = 10;
/** Fraction of the decrease that the gradient promises which a step must bring. */
const ENOUGH = 1e-4;

/**
 * Finds where a smooth convex function is least, by L-BFGS with backtracking.
 * @param options.tolerance the search ends when no member of the gradient is larger
 * @param options.maxSteps it ends after as many steps at the latest
 * Reference: Nocedal and Wright 2006, Numerical Optimization, algorithms 3.1, 7.4 and 7.5
 */
export async function minimize(
  of: Differentiable,
  initial: Float64Array,
  { tolerance, maxSteps }: { tolerance: number; maxSteps: number },
): Promise<Float64Array> {
  let x = initial;
  let { value, gradient } = await of(x);
  const history: Change[] = [];
  for (let n = 0; n < maxSteps && gradient.some((each) => Math.abs(each) > tolerance); n++) {
    const direction = downhill(gradient, history);
    const slope = dot(gradient, direction);
    let step = history.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let next = await stepped(of, x, direction, step);
    while (!(next.value <= value + ENOUGH * step * slope) && step > 1e-10)
      next = await stepped(of, x, direction, (step /= 2));
    if (!(next.value < value)) return x; // rounding hides what is left
    const s = next.x.map((each, i) => each - x[i]);
    const y = next.gradient.map((each, i) => each - gradient[i]);
    const curvature = dot(s, y);
    if (curvature > 0) history.push({ s, y, curvature });
    if (history.length > MEMORY) history.shift();
    ({ x, value, gradient } = next);
  }
  return x;
}

/** A step and how it changed the gradient. */
interface Change {
  readonly s: Float64Array;
  readonly y: Float64Array;
  /** s y */
  readonly curvature: number;
}

async function stepped(of: Differentiable, from: Float64Array, direction: Float64Array, step: number) {
  const x = from.map((each, i) => each + step * direction[i]);
  return { x, ...(await of(x)) };
}

/** Minus the gradient, times the inverse of the Hessian as far as the changes tell it. */
function downhill(gradient: Float64Array, history: readonly Change[]): Float64Array {
  const direction = gradient.map((each) => -each);
  const add = (scale: number, vector: Float64Array): void => {
    for (let i = 0; i < direction.length; i++) direction[i] += scale * vector[i];
  };
  const scales = new Map<Change, number>();
  for (const change of history.toReversed()) {
    const scale = dot(change.s, direction) / change.curvature;
    scales.set(change, scale);
    add(-scale, change.y);
  }
  const last = history.at(-1);
  if (last !== undefined) {
    const size = last.curvature / dot(last.y, last.y);
    for (let i = 0; i < direction.length; i++) direction[i] *= size;
  }
  for (const change of history)
    add(scales.get(change)! - dot(change.y, direction) / change.curvature, change.s);
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
