// timbrel's nets in TensorFlow.js with its wasm backend, on the fastest of its variants. It has no gradient of convolutions there, so
// nets of convolutions are only timed in inference. Prints one JSON object with the median times [ms]: tfjs.mjs <packages> <runs>.
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [packages, runs] = process.argv.slice(2);
const require = createRequire(resolve(packages, "package.json"));
const tf = require("@tensorflow/tfjs-core");
const layers = require("@tensorflow/tfjs-layers");
const wasm = require("@tensorflow/tfjs-backend-wasm");

wasm.setWasmPaths(`${resolve(packages, "node_modules/@tensorflow/tfjs-backend-wasm/dist")}/`);
wasm.setThreadsCount(2);
await tf.setBackend("wasm");
await tf.ready();

function vgg() {
  const net = layers.sequential();
  for (const [i, filters] of [16, 32, 64, 128, 256].entries()) {
    const inputShape = i === 0 ? { inputShape: [64, 128, 1] } : {};
    net.add(layers.layers.conv2d({ filters, kernelSize: 3, padding: "same", useBias: false, ...inputShape }));
    net.add(layers.layers.batchNormalization());
    net.add(layers.layers.reLU());
    net.add(layers.layers.maxPooling2d({ poolSize: 2 }));
  }
  net.add(layers.layers.averagePooling2d({ poolSize: [2, 1] }));
  net.add(layers.layers.flatten());
  net.add(layers.layers.dense({ units: 10, activation: "softmax" }));
  return net;
}

function mlp() {
  const net = layers.sequential();
  net.add(layers.layers.dense({ units: 256, useBias: false, inputShape: [64 * 128] }));
  for (const units of [null, 256]) {
    if (units !== null) net.add(layers.layers.dense({ units, useBias: false }));
    net.add(layers.layers.batchNormalization());
    net.add(layers.layers.reLU());
  }
  net.add(layers.layers.dense({ units: 10, activation: "softmax" }));
  net.compile({ optimizer: "sgd", loss: "categoricalCrossentropy" });
  return net;
}

async function median(run) {
  const times = [];
  for (let i = 0; i < Number(runs) + 5; i++) {
    const start = performance.now();
    await run();
    if (i >= 5) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

const ms = {};
const net = vgg();
const spectrograms = tf.randomNormal([32, 64, 128, 1]);
ms.inference = await median(async () => {
  const answer = net.predict(spectrograms, { batchSize: 32 });
  await answer.data();
  answer.dispose();
});
const perceptron = mlp();
const [inputs, targets] = [
  tf.randomNormal([32, 64 * 128]),
  tf.oneHot(
    tf.tensor1d(
      Int32Array.from({ length: 32 }, (_, i) => i % 10),
      "int32",
    ),
    10,
  ),
];
ms["step-mlp"] = await median(() => perceptron.trainOnBatch(inputs, targets));
console.log(JSON.stringify({ version: `TensorFlow.js ${tf.version_core}, wasm`, ms }));
