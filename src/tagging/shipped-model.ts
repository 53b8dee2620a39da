/** URL of the model that comes with timbrel: eleven instrument families. The package has `models/` next to `dist/`. */
export const SHIPPED_MODEL = new URL("../../../models/instruments.onnx", import.meta.url);
