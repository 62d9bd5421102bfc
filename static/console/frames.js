// Binary map frames, little-endian: see `decode`.

export const SNAPSHOT = 1;
export const DELTA = 2;
const FORMAT = 1;
const HEADER_BYTES = 40;

export class FrameError extends Error {}

// Return {kind, seq, topology, count, reporting, silent, asOf, newest} and, by kind, `states`
// (Uint8Array, one state a meter) or `changes` (Uint32Array of index × 4 + state). Moments are
// epoch milliseconds; `newest` is null when there is no reading. Throws FrameError.
export function decode(buffer) {
  if (buffer.byteLength < HEADER_BYTES) throw new FrameError("shorter than its header");
  const view = new DataView(buffer);
  if (view.getUint8(1) !== FORMAT) throw new FrameError(`format ${view.getUint8(1)}`);
  const newest = view.getFloat64(32, true);
  const frame = {
    kind: view.getUint8(0),
    seq: view.getUint32(4, true),
    topology: view.getUint32(8, true),
    count: view.getUint32(12, true),
    reporting: view.getUint32(16, true),
    silent: view.getUint32(20, true),
    asOf: view.getFloat64(24, true),
    newest: newest > 0 ? newest : null,
  };
  if (frame.kind === SNAPSHOT) frame.states = unpack(buffer, frame.count);
  else if (frame.kind === DELTA) frame.changes = changes(view);
  else throw new FrameError(`kind ${frame.kind}`);
  return frame;
}

// Four meters a byte, the lowest bits first.
function unpack(buffer, count) {
  const packed = new Uint8Array(buffer, HEADER_BYTES);
  if (packed.length < Math.ceil(count / 4)) throw new FrameError("states are missing");
  const states = new Uint8Array(count);
  for (let index = 0; index < count; index += 1) {
    states[index] = (packed[index >> 2] >> ((index & 3) << 1)) & 3;
  }
  return states;
}

function changes(view) {
  const count = view.getUint32(HEADER_BYTES, true);
  const found = new Uint32Array(count);
  for (let place = 0; place < count; place += 1) {
    found[place] = view.getUint32(HEADER_BYTES + 4 + place * 4, true);
  }
  return found;
}
