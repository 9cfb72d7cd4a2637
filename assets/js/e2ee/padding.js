const LEAST = 256;

/**
 * The length that a plaintext of `length` bytes takes: Padmé, and never below 256, so that a length tells little.
 * @param {number} length
 */
export function pad(length) {
  if (length <= LEAST) return LEAST;
  const e = floorLog2(length);
  const s = floorLog2(e) + 1;
  // By division, for a shift of a number above 2^31 would lose its upper bits.
  const unit = 2 ** (e - s);
  return Math.ceil(length / unit) * unit;
}

/** @param {number} value */
function floorLog2(value) {
  let log = 0;
  for (let rest = value; rest >= 2; rest = Math.floor(rest / 2)) log += 1;
  return log;
}
