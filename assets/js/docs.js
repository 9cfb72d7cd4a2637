// The page that shows what `/api/openapi.json` says. Everything is put there as text.
import { h } from './views/dom.js';

/** @typedef {Record<string, any>} Json */
/** @typedef {{ element: HTMLElement, entry: HTMLElement, words: string }} Shown */

const SCHEMAS = '#/components/schemas/';

/**
 * Text in which `…` marks code.
 * @param {string | undefined} text
 * @returns {(Node | string)[]}
 */
function prose(text) {
  return (text ?? '').split('`').map((part, at) => (at % 2 === 1 ? h('code', {}, part) : part));
}

/** What a document says, with its references followed. */
class Description {
  /** @param {Json} document */
  constructor(document) {
    this.document = document;
  }

  /**
   * @param {Json} value
   * @returns {Json}
   */
  follow(value) {
    const reference = value.$ref;
    if (typeof reference !== 'string') return value;
    let found = this.document;
    for (const part of reference.slice(2).split('/')) found = found[part];
    return this.follow(found);
  }

  /**
   * The fields of an object, also of one that is put together.
   * @param {Json} schema
   * @returns {{ name: string, schema: Json, required: boolean }[]}
   */
  fields(schema) {
    const whole = this.follow(schema);
    const inside = (whole.allOf ?? []).flatMap((/** @type {Json} */ part) => this.fields(part));
    const required = new Set(whole.required ?? []);
    const own = Object.entries(whole.properties ?? {}).map(([name, field]) => ({
      name, schema: field, required: required.has(name),
    }));
    const fields = [...inside, ...own];
    return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)];
  }

  /**
   * What a value is made of, in words and with links to what has fields of its own.
   * @param {Json} schema
   * @returns {(Node | string)[]}
   */
  type(schema) {
    if (schema.$ref?.startsWith(SCHEMAS)) {
      const name = schema.$ref.slice(SCHEMAS.length);
      if (this.isLarge(schema)) return [h('a', { href: `#schema-${name}` }, name)];
    }
    const whole = this.follow(schema);
    const choices = whole.oneOf ?? whole.anyOf;
    if (choices) {
      return choices.flatMap((/** @type {Json} */ choice, /** @type {number} */ at) => [
        at > 0 ? ' or ' : '', ...this.type(choice),
      ]);
    }
    if (whole.type === 'array') return ['list of ', ...this.type(whole.items ?? {})];
    const types = Array.isArray(whole.type) ? whole.type.join(' or ') : whole.type ?? 'object';
    return [whole.enum ? whole.enum.map((/** @type {unknown} */ one) => String(one)).join(', ') : types];
  }

  /**
   * @param {Json} schema
   * @returns {boolean} whether it has fields, and so a place of its own on the page
   */
  isLarge(schema) {
    const whole = this.follow(schema);
    return whole.properties !== undefined || whole.allOf !== undefined || whole.oneOf !== undefined;
  }

  /**
   * The limits of a value.
   * @param {Json} schema
   * @returns {string}
   */
  limits(schema) {
    const choices = schema.oneOf ?? schema.anyOf ?? [schema];
    const whole = this.follow(choices.find((/** @type {Json} */ one) => one.type !== 'null') ?? schema);
    const range = (/** @type {unknown} */ least, /** @type {unknown} */ most) => {
      if (least === undefined) return most === undefined ? '' : `at most ${most}`;
      return most === undefined ? `at least ${least}` : `${least} to ${most}`;
    };
    const length = range(whole.minLength, whole.maxLength);
    return [
      range(whole.minimum, whole.maximum),
      length && `${length} characters`,
      whole.pattern && `pattern ${whole.pattern}`,
      whole.format && `format ${whole.format}`,
      whole.default !== undefined && `default ${whole.default}`,
    ].filter(Boolean).join(' · ');
  }

  /**
   * What is said of a value: where it stands, or else where its type does.
   * @param {Json} schema
   * @returns {string}
   */
  meaning(schema) {
    const choices = schema.oneOf ?? schema.anyOf ?? [];
    const given = choices.find((/** @type {Json} */ one) => one.type !== 'null') ?? schema;
    return schema.description ?? given.description ?? this.follow(given).description ?? '';
  }

  /**
   * A value that the schema takes, for the example.
   * @param {string} name
   * @param {Json} schema
   * @returns {unknown}
   */
  example(name, schema) {
    const whole = this.follow(schema);
    if (whole.enum) return whole.enum[0];
    if (whole.type === 'boolean') return true;
    if (whole.type === 'integer') return Math.max(1, whole.minimum ?? 1);
    if (name === 'username') return 'my_bot';
    if (name.includes('password')) return 'a long password';
    return name === 'emoji' ? '👍' : 'hello';
  }
}

/**
 * @param {Description} description
 * @param {{ name: string, schema: Json, required: boolean, meaning?: string }[]} fields
 * @returns {HTMLElement}
 */
function table(description, fields) {
  return h('dl', {}, ...fields.map(({ name, schema, required, meaning }) => {
    const limits = description.limits(schema);
    return h('div', {},
      h('dt', {}, h('code', {}, name), h('small', {}, required ? 'required' : 'optional')),
      h('dd', {}, ...prose(meaning ?? description.meaning(schema)),
        h('small', {}, ...description.type(schema), limits && ` · ${limits}`)));
  }));
}

/**
 * @param {Description} description
 * @param {Json} answers
 * @returns {HTMLElement}
 */
function answersTable(description, answers) {
  return h('dl', {}, ...Object.entries(answers).map(([status, given]) => {
    const answer = description.follow(given);
    const [kind, content] = Object.entries(answer.content ?? {})[0] ?? [];
    return h('div', {},
      h('dt', {}, h('code', {}, status)),
      h('dd', {}, ...prose(answer.description),
        kind ? h('small', {}, `${kind} · `, ...description.type(content.schema ?? {})) : null));
  }));
}

/**
 * The request as a line for the shell.
 * @param {Description} description
 * @param {string} method
 * @param {string} path
 * @param {Json} operation
 * @returns {string}
 */
function curl(description, method, path, operation) {
  const address = path.split('{').map((part, at) => (at === 0 ? part : `1${part.slice(part.indexOf('}') + 1)}`)).join('');
  const lines = [`curl ${method === 'get' || method === 'post' ? '' : `-X ${method.toUpperCase()} `}${location.origin}${address}`];
  const isPublic = (operation.security ?? []).some((/** @type {Json} */ one) => Object.keys(one).length === 0);
  if (!isPublic) lines.push('-H "Authorization: Bearer $TOKEN"');
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  if (schema && operation.requestBody.required) {
    const fields = description.fields(schema).filter((field) => field.required || field.name === 'session');
    const pairs = fields.map((field) => [field.name, field.name === 'session' ? 'bearer' : description.example(field.name, field.schema)]);
    lines.push('-H "Content-Type: application/json"', `-d '${JSON.stringify(Object.fromEntries(pairs))}'`);
  }
  return lines.join(' \\\n  ');
}

/**
 * @param {Description} description
 * @param {string} method
 * @param {string} path
 * @param {Json} operation
 * @returns {Shown}
 */
function show(description, method, path, operation) {
  const id = operation.operationId;
  const parameters = (operation.parameters ?? []).map((/** @type {Json} */ one) => ({
    name: one.name, schema: one.schema, required: one.required, meaning: one.description,
  }));
  const body = operation.requestBody?.content?.['application/json']?.schema;
  const fields = body ? description.fields(body) : [];
  const answers = Object.entries(operation.responses);
  const good = Object.fromEntries(answers.filter(([status]) => status < '400'));
  const bad = Object.fromEntries(answers.filter(([status]) => status >= '400'));
  const words = [path, method, id, operation.summary, operation.description ?? '',
    ...[...parameters, ...fields].map((/** @type {{ name: string }} */ one) => one.name)].join(' ').toLowerCase();
  const element = h('article', { id, 'aria-labelledby': `${id}-name` },
    h('h3', { id: `${id}-name` }, h('a', { href: `#${id}` }, operation.summary)),
    h('div', { class: 'address' }, h('span', { class: `method ${method}` }, method.toUpperCase()), h('span', {}, path)),
    operation.description ? h('p', {}, ...prose(operation.description)) : null,
    ...(parameters.length > 0 ? [h('h4', {}, 'Parameters'), table(description, parameters)] : []),
    ...(fields.length > 0 ? [h('h4', {}, 'Body'), table(description, fields)] : []),
    h('h4', {}, 'Answers'), answersTable(description, good),
    h('details', {}, h('summary', {}, 'Refusals'), answersTable(description, bad)),
    h('details', {}, h('summary', {}, 'Example'), h('pre', {}, curl(description, method, path, operation))));
  const entry = h('li', {}, h('a', { href: `#${id}` }, operation.summary));
  return { element, entry, words };
}

/**
 * What the answers are made of.
 * @param {Description} description
 * @returns {HTMLElement}
 */
function schemas(description) {
  const large = Object.entries(description.document.components.schemas).filter(([, schema]) => description.isLarge(schema));
  return h('section', { 'aria-labelledby': 'schemas' },
    h('h2', { id: 'schemas', class: 'display' }, 'Schemas'),
    ...large.map(([name, schema]) => h('details', { id: `schema-${name}`, class: 'schema' },
      h('summary', {}, name),
      h('p', {}, ...prose(schema.description)),
      schema.oneOf ? h('p', {}, ...description.type({ oneOf: schema.oneOf })) : table(description, description.fields(schema)))));
}

/** Opens what an address names. */
function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
  named?.scrollIntoView();
}

/**
 * Puts the whole document on the page.
 * @param {Json} documentOfApi
 * @returns {void}
 */
function render(documentOfApi) {
  const description = new Description(documentOfApi);
  const main = /** @type {HTMLElement} */ (document.querySelector('main'));
  const nav = /** @type {HTMLElement} */ (document.querySelector('nav'));
  const filter = /** @type {HTMLInputElement} */ (document.querySelector('#filter'));
  const count = /** @type {HTMLElement} */ (document.querySelector('#count'));
  const operations = Object.entries(documentOfApi.paths).flatMap(([path, item]) => (
    Object.entries(/** @type {Json} */ (item)).map(([method, operation]) => ({ method, path, operation }))));
  /** @type {{ parts: HTMLElement[], shown: Shown[] }[]} */
  const groups = documentOfApi.tags.map((/** @type {Json} */ tag) => {
    const shown = operations.filter(({ operation }) => operation.tags.includes(tag.name))
      .map(({ method, path, operation }) => show(description, method, path, operation));
    const id = `tag-${tag.name}`;
    const section = h('section', { 'aria-labelledby': id },
      h('h2', { id, class: 'display' }, tag.name), h('p', {}, ...prose(tag.description)), ...shown.map((one) => one.element));
    const entries = h('div', {}, h('h2', {}, tag.name), h('ul', {}, ...shown.map((one) => one.entry)));
    return { parts: [section, entries], shown };
  });
  main.replaceChildren(h('p', {}, ...prose(documentOfApi.info.description)),
    ...groups.map((group) => /** @type {HTMLElement} */ (group.parts[0])), schemas(description));
  nav.replaceChildren(...groups.map((group) => /** @type {HTMLElement} */ (group.parts[1])));
  const narrow = () => {
    const wanted = filter.value.trim().toLowerCase().split(' ').filter((word) => word !== '');
    let seen = 0;
    for (const group of groups) {
      let some = false;
      for (const one of group.shown) {
        const fits = wanted.every((word) => one.words.includes(word));
        one.element.hidden = !fits;
        one.entry.hidden = !fits;
        some ||= fits;
        seen += fits ? 1 : 0;
      }
      for (const part of group.parts) part.hidden = !some;
    }
    count.textContent = seen === 1 ? '1 operation' : `${seen} operations`;
  };
  filter.addEventListener('input', narrow);
  narrow();
  addEventListener('hashchange', openNamed);
  openNamed();
}

/** Reads the document. */
async function load() {
  const answer = await fetch('/api/openapi.json');
  if (!answer.ok) throw new Error(`${answer.status}`);
  render(await answer.json());
}

load().catch((error) => {
  const said = h('p', { class: 'fail', role: 'alert' }, `The description could not be loaded: ${error}`);
  document.querySelector('main')?.replaceChildren(said);
});
