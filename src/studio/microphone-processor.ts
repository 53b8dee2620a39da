// The audio worklet's own thread, whose names TypeScript's library does not know.
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Sends what a microphone hears to the page, the mean of its channels. */
class MicrophoneProcessor extends AudioWorkletProcessor {
  process([channels]: Float32Array[][]): boolean {
    if (channels.length > 0) {
      const mean = Float32Array.from(
        channels[0],
        (_, n) => channels.reduce((sum, channel) => sum + channel[n], 0) / channels.length,
      );
      this.port.postMessage(mean, [mean.buffer]);
    }
    return true;
  }
}

registerProcessor("microphone", MicrophoneProcessor);
