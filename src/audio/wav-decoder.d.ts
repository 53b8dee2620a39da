declare module "wav-decoder" {
  interface AudioData {
    numberOfChannels: number;
    length: number;
    sampleRate: number;
    channelData: Float32Array<ArrayBuffer>[];
  }
  const wavDecoder: {
    decode: { sync(buffer: ArrayBuffer, options?: { symmetric?: boolean }): AudioData };
  };
  export default wavDecoder;
}
