// Elements, and texts that are safe to show. No text ever becomes markup: everything goes through text nodes.

const SVG = 'http://www.w3.org/2000/svg';

// Controls, marks that change the direction of writing, and what is not to be seen: shown as escapes.
// eslint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;

function visible(text) {
  return String(text ?? '').replace(HIDDEN, (c) => '\\u' + c.codePointAt(0).toString(16).padStart(4, '0'));
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'style') {
      for (const [key, each] of Object.entries(value)) node.style.setProperty(key, each);
    } else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return node;
}

const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

function button(words, title, onclick, more) {
  return el('button', { type: 'button', title, onclick, ...more }, words);
}

const FORMATS = [0, 1, 2, 3].map((digits) => new Intl.NumberFormat('en', { maximumFractionDigits: digits }));

// A number for people: at most three digits after the point, thousands apart.
function shown(value, kind) {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  if (typeof value !== 'number') return String(value);
  if (kind === 'share') return value.toFixed(2);
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 1 ? 1 : 3;
  return FORMATS[digits].format(value);
}

const seconds = (value) => (Math.round(value * 100) / 100).toFixed(2).replace(/0$/, '') + ' s';
const percent = (value) => (100 * value).toFixed(1) + ' %';

// Colour of an IoU in [0, 1]: from orange over grey to blue, which people who see few colours tell apart too.
function iouColour(iou) {
  if (iou === null || iou === undefined || iou < 0) return 'var(--none)';
  const hue = iou < 0.5 ? 'var(--low)' : 'var(--high)';
  return `color-mix(in oklab, ${hue} ${Math.round(30 + Math.abs(iou - 0.5) * 140)}%, var(--middle))`;
}

// The part of a model's name that tells it from others: what follows its provider and its folders.
function modelName(name) {
  const [, words, seeing] = String(name ?? '').match(/^(.*?)( \([^()]*\))?$/s);
  return (words.replace(/^[a-z_.]+:/, '').split('/').filter(Boolean).pop() || words) + (seeing || '');
}

function pairs(flat) {
  const found = [];
  for (let i = 0; i + 1 < (flat || []).length; i += 2) found.push([flat[i], flat[i + 1]]);
  return found;
}

function tiou(a, b) {
  const overlap = Math.max(0, Math.min(a[1], b[1]) - Math.max(a[0], b[0]));
  return overlap / (a[1] - a[0] + b[1] - b[0] - overlap);
}

// Offers a text as a file.
function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' }));
  const link = el('a', { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
