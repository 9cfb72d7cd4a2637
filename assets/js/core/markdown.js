/**
 * The small part of Markdown that messages may use, as a tree of plain objects. Nothing in it is markup: whoever shows
 * the tree makes elements of its nodes and text of its strings.
 *
 * @typedef {string
 *   | { type: 'b' | 'i' | 's', kids: Inline[] }
 *   | { type: 'code', text: string }
 *   | { type: 'a', href: string, text: string, host: string | null }
 *   | { type: 'men', name: string }
 *   | { type: 'br' }} Inline
 * @typedef {{ type: 'p', kids: Inline[] }
 *   | { type: 'pre', text: string }
 *   | { type: 'quote', kids: Block[] }
 *   | { type: 'list', start: number | null, items: Inline[][] }} Block
 * @typedef {(name: string) => boolean} IsMember
 */

/** How far quotes and styles go into each other; what is deeper stays text. */
const DEPTH = 6;
/** How many nodes one message may have; what comes after them stays text. */
const NODES = 1_500;

const FENCE = /^ {0,3}```[\w+#.-]{0,30}\s*$/;
const ITEM = /^ {0,3}(?:[-*•]|(\d{1,9})[.)]) +(?=\S)/;
const QUOTED = /^ {0,3}> ?/;

/** Everything inside a line that may mean something. Matches do not overlap, so that a text is gone through once. */
const SPECIAL = /\\[!-/:-@[-`{-~]|`+|\*{1,3}|_{1,2}|~~|\[|@[A-Za-z0-9_]{3,50}|(?:https?:\/\/|mailto:)[^\s<>"]+|\n/gi;
/** `[text](address)`, from where it begins. */
const LINK = /\[([^[\]\n]{1,300})\]\(([^\s()<>]{1,1000})\)/y;
/** What follows a sentence is not part of an address. */
const TAIL = /[.,;:!?)\]}'"*_~]+$/;
const WORD = /[\p{L}\p{N}_]/u;

/**
 * @param {string} text
 * @param {IsMember} isMember
 * @returns {Block[]}
 */
export function parse(text, isMember) {
  return blocks(text.split('\n'), { isMember, left: NODES }, 0);
}

/** @typedef {{ isMember: IsMember, left: number }} Budget */

/**
 * @param {string[]} lines
 * @param {Budget} budget
 * @param {number} depth
 * @returns {Block[]}
 */
function blocks(lines, budget, depth) {
  /** @type {Block[]} */
  const list = [];
  let at = 0;
  while (at < lines.length) {
    const from = at;
    const line = lines[at] ?? '';
    if (line.trim() === '') at += 1;
    else if (budget.left <= 0) {
      list.push({ type: 'p', kids: [lines.slice(at).join('\n')] });
      break;
    } else if (FENCE.test(line)) {
      at = upTo(lines, at + 1, (next) => next.trim() === '```');
      list.push({ type: 'pre', text: lines.slice(from + 1, at).join('\n') });
      at += 1;
    } else if (QUOTED.test(line) && depth < DEPTH) {
      at = upTo(lines, at, (next) => !QUOTED.test(next));
      const inside = lines.slice(from, at).map((next) => next.replace(QUOTED, ''));
      list.push({ type: 'quote', kids: blocks(inside, budget, depth + 1) });
    } else if (ITEM.test(line)) {
      const numbered = ITEM.exec(line)?.[1];
      at = upTo(lines, at, (next) => !ITEM.test(next) || (ITEM.exec(next)?.[1] === undefined) !== (numbered === undefined));
      at = Math.min(at, from + budget.left);
      budget.left -= at - from;
      const items = lines.slice(from, at).map((item) => inline(item.replace(ITEM, ''), budget));
      list.push({ type: 'list', start: numbered === undefined ? null : Number(numbered), items });
    } else {
      at = upTo(lines, at + 1, (next) => next.trim() === '' || FENCE.test(next) || ITEM.test(next) || (QUOTED.test(next) && depth < DEPTH));
      list.push({ type: 'p', kids: inline(lines.slice(from, at).join('\n'), budget) });
    }
    budget.left -= 1;
  }
  return list;
}

/**
 * The first line from here that ends what stands before it.
 * @param {string[]} lines
 * @param {number} at
 * @param {(line: string) => boolean} ends
 */
function upTo(lines, at, ends) {
  let next = at;
  while (next < lines.length && !ends(lines[next] ?? '')) next += 1;
  return next;
}

/**
 * A style that has begun: what was written to begin it stays text if it never ends.
 * @typedef {{ mark: string, kids: Inline[] }} Open
 */

/**
 * @param {string} text
 * @param {Budget} budget
 * @returns {Inline[]}
 */
function inline(text, budget) {
  const ticks = closers(text);
  /** @type {Open[]} */
  const open = [{ mark: '', kids: [] }];
  const add = (/** @type {Inline} */ node) => put(top(open).kids, node, budget);
  const special = new RegExp(SPECIAL);
  let done = 0;
  for (let match = special.exec(text); match && budget.left > 0; match = special.exec(text)) {
    const [token] = match;
    const at = match.index;
    if (at > done) add(text.slice(done, at));
    done = at + token.length;
    if (token === '\n') add({ type: 'br' });
    else if (token.startsWith('\\')) add(token.slice(1));
    else if (token.startsWith('`')) {
      const end = ticks(token.length, done);
      if (end < 0) add(token);
      else {
        add({ type: 'code', text: code(text.slice(done, end)) });
        done = end + token.length;
      }
    } else if (token === '[') done += link(text, at, add);
    else if (token.startsWith('@')) add(mention(text, at, token, budget.isMember));
    else if (/^[hm]/i.test(token)) done = at + address(text, at, token, add);
    else style(open, token, text, at, budget);
    special.lastIndex = done;
  }
  if (done < text.length) add(text.slice(done));
  while (open.length > 1) spill(open, budget);
  return top(open).kids;
}

/** @param {Open[]} open */
const top = (open) => /** @type {Open} */ (open.at(-1));

/**
 * Adds a node; text beside text becomes one.
 * @param {Inline[]} kids
 * @param {Inline} node
 * @param {Budget} budget
 */
function put(kids, node, budget) {
  const last = kids.at(-1);
  if (typeof node === 'string' && typeof last === 'string') kids[kids.length - 1] = last + node;
  else {
    kids.push(node);
    budget.left -= 1;
  }
}

/**
 * Where the run of so many backticks is that ends the one before `from`. Each run is looked at once.
 * @param {string} text
 * @returns {(length: number, from: number) => number}
 */
function closers(text) {
  /** @type {Map<number, number[]>} */
  const runs = new Map();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const list = runs.get(run.length) ?? [];
    list.push(index);
    runs.set(run.length, list);
  }
  for (const list of runs.values()) list.reverse();
  return (length, from) => {
    const list = runs.get(length) ?? [];
    while (list.length > 0 && (list.at(-1) ?? 0) < from) list.pop();
    return list.at(-1) ?? -1;
  };
}

/**
 * One space beside the backticks belongs to them, so that code can begin with a backtick.
 * @param {string} text
 */
function code(text) {
  const padded = text.length > 2 && text.startsWith(' ') && text.endsWith(' ') && text.trim() !== '';
  return padded ? text.slice(1, -1) : text;
}

/**
 * @param {string} text
 * @param {number} at
 * @param {(node: Inline) => void} add
 * @returns {number} how much of the text after the bracket it took
 */
function link(text, at, add) {
  LINK.lastIndex = at;
  const match = LINK.exec(text);
  const target = match && safe(match[2] ?? '');
  if (!match || !target) {
    add('[');
    return 0;
  }
  add({ type: 'a', href: target.href, text: match[1] ?? '', host: target.host || target.pathname });
  return match[0].length - 1;
}

/**
 * @param {string} text
 * @param {number} at
 * @param {string} found
 * @param {(node: Inline) => void} add
 * @returns {number} how much of the text it took
 */
function address(text, at, found, add) {
  const shown = found.replace(TAIL, '');
  const target = follows(text, at) ? null : safe(shown);
  if (!target) {
    add(found);
    return found.length;
  }
  add({ type: 'a', href: target.href, text: shown, host: null });
  return shown.length;
}

/**
 * An address that may be a link. Everything that could run a script is none.
 * @param {string} text
 * @returns {URL | null}
 */
function safe(text) {
  if (!/^(?:https?:\/\/|mailto:)./i.test(text) || !URL.canParse(text)) return null;
  const target = new URL(text);
  return ['http:', 'https:', 'mailto:'].includes(target.protocol) ? target : null;
}

/**
 * Whether a word goes on here, as in an address of mail or a name with an underscore.
 * @param {string} text
 * @param {number} at
 */
const follows = (text, at) => at > 0 && WORD.test(text[at - 1] ?? '');

/**
 * @param {string} text
 * @param {number} at
 * @param {string} token
 * @param {IsMember} isMember
 * @returns {Inline}
 */
function mention(text, at, token, isMember) {
  const name = token.slice(1);
  return !follows(text, at) && isMember(name) ? { type: 'men', name } : token;
}

/** @type {Record<string, 'b' | 'i' | 's'>} */
const STYLES = { '**': 'b', '__': 'b', '*': 'i', '_': 'i', '~~': 's' };

/**
 * A mark of style ends the style of the same mark, or begins one, or is text.
 * @param {Open[]} open
 * @param {string} token
 * @param {string} text
 * @param {number} at
 * @param {Budget} budget
 */
function style(open, token, text, at, budget) {
  const before = text[at - 1] ?? ' ';
  const after = text[at + token.length] ?? ' ';
  const inWord = token.startsWith('_');
  const ends = /\S/.test(before) && !(inWord && WORD.test(after));
  const begins = /\S/.test(after) && !(inWord && WORD.test(before));
  if (token === '***') {
    const inner = top(open).mark;
    const marks = ends && inner === '**' ? ['**', '*'] : ends && inner === '*' ? ['*', '**'] : ['**', '*'];
    for (const mark of marks) turn(open, mark, ends, begins, budget);
  } else turn(open, token, ends, begins, budget);
}

/**
 * @param {Open[]} open
 * @param {string} mark
 * @param {boolean} ends
 * @param {boolean} begins
 * @param {Budget} budget
 */
function turn(open, mark, ends, begins, budget) {
  const matching = open.findLastIndex((one) => one.mark === mark);
  if (ends && matching > 0) {
    while (open.length - 1 > matching) spill(open, budget);
    const { kids } = /** @type {Open} */ (open.pop());
    put(top(open).kids, { type: STYLES[mark] ?? 'i', kids }, budget);
  } else if (begins && matching < 0 && open.length <= DEPTH) open.push({ mark, kids: [] });
  else put(top(open).kids, mark, budget);
}

/**
 * A style that never ended was none.
 * @param {Open[]} open
 * @param {Budget} budget
 */
function spill(open, budget) {
  const { mark, kids } = /** @type {Open} */ (open.pop());
  for (const node of [mark, ...kids]) put(top(open).kids, node, budget);
}
