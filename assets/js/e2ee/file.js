import { concat, label, Writer } from './codec.js';
import { CHUNK, paddedSize } from './content.js';
import { insist, orRefuse } from './errors.js';
import { aesOpen, aesSeal, equal, hash, hkdfKey, importSecret } from './primitives.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {{ instance: Bytes, fileId: Bytes, fk: Bytes, chunk?: number }} FileId `chunk` is another only in vectors
 */

const TAG = 16;
const MOST_CHUNKS = 4_096;

/** @param {FileId} file */
async function fileKey({ fk, fileId }) {
  return hkdfKey(await importSecret(fk), label('file'), { salt: fileId });
}

/**
 * @param {number} i
 * @param {number} count
 */
const nonce = (i, count) => new Writer().raw(new Uint8Array(7)).u32(i).u8(i === count - 1 ? 1 : 0).done();

/**
 * @param {FileId} file
 * @param {number} chunk
 */
const chunkData = ({ instance, fileId }, chunk) => (
  new Writer('file-chunk').fixed(instance, 16).fixed(fileId, 16).u32(chunk).done()
);

/**
 * @param {FileId} file
 * @param {number} chunk
 * @param {number} psz
 * @param {readonly Bytes[]} hashes
 */
function rootOf({ instance, fileId }, chunk, psz, hashes) {
  const to = new Writer('file-root').fixed(instance, 16).fixed(fileId, 16).u32(chunk).u64(psz).u32(hashes.length);
  for (const one of hashes) to.raw(one);
  return hash(to.done());
}

/**
 * @param {FileId} file
 * @param {Bytes} data
 * @param {number} [psz] given by vectors only
 */
export async function sealFile(file, data, psz = paddedSize(data.length)) {
  const chunk = file.chunk ?? CHUNK;
  const count = Math.ceil(psz / chunk);
  insist(psz >= data.length && count >= 1 && count <= MOST_CHUNKS, 'bad_file', 'size');
  const key = await fileKey(file);
  const aad = chunkData(file, chunk);
  /** @type {Bytes[]} */
  const chunks = [];
  for (let i = 0; i < count; i += 1) {
    const from = i * chunk;
    const plain = new Uint8Array(Math.min(chunk, psz - from));
    plain.set(data.subarray(from, from + plain.length));
    chunks.push(await aesSeal(key, nonce(i, count), plain, aad));
  }
  const root = await rootOf(file, chunk, psz, await Promise.all(chunks.map(hash)));
  return { ct: concat(chunks), psz, count, root };
}

/**
 * @param {Bytes} ct
 * @param {number} size of a chunk as sealed
 */
function split(ct, size) {
  return Array.from({ length: Math.ceil(ct.length / size) }, (_, i) => ct.slice(i * size, (i + 1) * size));
}

/**
 * @param {FileId} file
 * @param {{ sz: number, psz: number, root: Bytes }} manifest
 * @param {Bytes} ct
 * @returns {Promise<Bytes>}
 */
export async function openFile(file, { sz, psz, root }, ct) {
  const chunk = file.chunk ?? CHUNK;
  const count = Math.ceil(psz / chunk);
  const fits = sz <= psz && count >= 1 && count <= MOST_CHUNKS && ct.length === psz + TAG * count;
  insist(fits && (chunk !== CHUNK || psz === paddedSize(sz)), 'bad_file', 'size');
  const chunks = split(ct, chunk + TAG);
  const own = await rootOf(file, chunk, psz, await Promise.all(chunks.map(hash)));
  insist(equal(own, root), 'bad_file', 'another file');
  const data = await openChunks(file, chunk, chunks);
  insist(data.subarray(sz).every((byte) => byte === 0), 'bad_file', 'padding');
  return data.slice(0, sz);
}

/**
 * @param {FileId} file
 * @param {number} chunk
 * @param {readonly Bytes[]} chunks
 */
async function openChunks(file, chunk, chunks) {
  const key = await fileKey(file);
  const aad = chunkData(file, chunk);
  /** @type {(ct: Bytes, i: number) => Promise<Bytes>} */
  const open = (ct, i) => aesOpen(key, nonce(i, chunks.length), ct, aad);
  return concat(await orRefuse('bad_file', () => Promise.all(chunks.map(open))));
}
