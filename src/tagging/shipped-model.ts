/** URL of the model that comes with timbrel: eleven instrument families. */
export const SHIPPED_MODEL = new URL(import.meta.resolve("#instruments.onnx")); // see `imports` in package.json
