/** The 16-bit sample of each A-law byte. Reference: ITU-T G.711, table 1a; 13 bits, left-aligned in 16. */
export const A_LAW: Int16Array = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = byte ^ 0x55; // even bits are sent inverted
  const segment = (code >> 4) & 7;
  const mantissa = ((code & 15) << 4) + 8;
  const magnitude = segment === 0 ? mantissa : (mantissa + 256) << (segment - 1);
  return code & 128 ? magnitude : -magnitude;
});

/** The 16-bit sample of each mu-law byte. Reference: ITU-T G.711, table 2a; 14 bits, left-aligned in 16. */
export const MU_LAW: Int16Array = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte; // all bits are sent inverted
  const magnitude = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
  return code & 128 ? -magnitude : magnitude;
});
