/** The model that comes with timbrel: eleven instrument families. Beside `dist/`, in the package. */
export const SHIPPED_MODEL = new URL("../../../models/instruments.onnx", import.meta.url);
