/** Sound from a microphone, as it is heard. */
export interface Microphone {
  readonly sampleRate: number;
  /** Ends the recording and frees the microphone. */
  stop(): Promise<void>;
}

const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: "The microphone may not be used; allow it for this page in the browser's settings.",
  NotFoundError: "There is no microphone; connect one.",
  NotReadableError: "The microphone cannot be used; another program may have it.",
};

/**
 * Opens the microphone.
 * @param onSamples gets what is heard, mono
 * @throws Error that says why it cannot be used, and what to do
 */
export async function openMicrophone(onSamples: (samples: Float32Array) => void): Promise<Microphone> {
  if (navigator.mediaDevices === undefined)
    throw new Error(
      "Browsers give the microphone only to pages from this machine or over https; open the page so.",
    );
  // Echo cancellation and the like are made for speech, and would change the sound.
  const asIs = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: asIs }).catch((error: Error) => {
    throw new Error(REASONS[error.name] ?? `The microphone cannot be used: ${error.message}`);
  });
  const context = new AudioContext();
  const stop = async (): Promise<void> => {
    for (const track of stream.getTracks()) track.stop();
    await context.close();
  };
  try {
    await context.audioWorklet.addModule(new URL("./microphone-processor.js", import.meta.url));
  } catch {
    await stop();
    throw new Error(
      "The microphone cannot be used: a part of this page cannot be loaded; see that its server runs, and reload the page.",
    );
  }
  const node = new AudioWorkletNode(context, "microphone");
  node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => onSamples(data);
  context.createMediaStreamSource(stream).connect(node);
  return { sampleRate: context.sampleRate, stop };
}
