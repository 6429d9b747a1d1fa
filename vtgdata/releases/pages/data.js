// Where rows come from: from the page itself, or, page by page, from the server that `vtgdata view` runs.

function read(id) {
  const node = document.getElementById(id);
  const text = node.textContent;
  node.remove();
  return text;
}

const facts = JSON.parse(read('facts'));

// A filter: words that the query or the id has, and conditions such as corpus:shapes pass_rate<0.5 -trace:kept.
function parseFilter(text, columns) {
  const names = new Map(columns.map((column) => [column.name, column]));
  const found = [];
  for (const match of text.matchAll(/(-)?(?:([a-z_]+)(<=|>=|<|>|=|:))?(?:"([^"]*)"|(\S+))/g)) {
    const [whole, not, name, sign, quoted, bare] = match;
    const value = quoted ?? bare;
    const column = names.get(name);
    if (!column) found.push({ not: false, word: whole.replaceAll('"', '').toLowerCase() });
    else found.push({ not: Boolean(not), name, kind: column.kind, sign, value: value.toLowerCase() });
  }
  return found;
}

const NUMBER = /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/;

function holds(condition, value) {
  if (condition.value === 'none') return value === null || value === undefined || value === '';
  if (condition.kind === 'text') {
    const text = String(value ?? '').toLowerCase();
    return condition.sign === '=' ? text === condition.value : text.includes(condition.value);
  }
  if (value === null || value === undefined || !NUMBER.test(condition.value)) return false;
  const number = Number(condition.value);
  const { sign } = condition;
  if (sign === '<') return value < number;
  if (sign === '<=') return value <= number;
  if (sign === '>') return value > number;
  if (sign === '>=') return value >= number;
  return value === number;
}

class Embedded {
  constructor(table, details) {
    this.table = table;
    this.columns = table.columns;
    this.total = table.ids.length;
    this.rows = new Int32Array(0);
    this.places = new Map(facts.detailed.map((row, place) => [row, place]));
    this.lines = details ? details.split('\n') : [];
    this.lower = null;
  }

  value(name, row) {
    const data = this.table.data[name];
    return Array.isArray(data) ? data[row] : data.values[data.codes[row]];
  }

  // The rows of a filter in the order of a sort; resolves to their number.
  async order(filter, sort, falling) {
    const conditions = parseFilter(filter, this.columns);
    const kept = [];
    for (let row = 0; row < this.total; row++) {
      if (conditions.every((each) => this.fits(each, row))) kept.push(row);
    }
    const column = this.columns.find((each) => each.name === sort);
    if (column) this.sort(kept, column, falling);
    this.rows = Int32Array.from(kept);
    return this.rows.length;
  }

  fits(condition, row) {
    if (condition.word === undefined) return holds(condition, this.value(condition.name, row)) !== condition.not;
    this.lower ??= this.table.ids.map((id, at) => `${this.value('query', at)}\n${id}`.toLowerCase());
    return this.lower[row].includes(condition.word);
  }

  sort(rows, column, falling) {
    const keys = new Array(this.total);
    for (const row of rows) keys[row] = this.value(column.name, row);
    const way = falling ? -1 : 1;
    const empty = (key) => key === null || key === undefined || key === '';
    const texts = column.kind === 'text' ? new Intl.Collator('en').compare : null;
    rows.sort((a, b) => {
      const first = keys[a];
      const second = keys[b];
      if (empty(first) || empty(second)) return empty(first) - empty(second) || a - b; // unknown ones come last
      return way * (texts ? texts(first, second) : first - second) || a - b;
    });
  }

  at(place) {
    return place < this.rows.length ? this.record(this.rows[place]) : undefined;
  }

  record(row) {
    return {
      row, id: this.table.ids[row], get: (name) => (this.table.data[name] ? this.value(name, row) : null),
      annotation: this.table.annotation[row], consensus: this.table.consensus[row], answers: this.table.answers[row],
    };
  }

  async byId(id) {
    this.known ??= new Map(this.table.ids.map((each, row) => [each, row]));
    return this.known.has(id) ? this.record(this.known.get(id)) : null;
  }

  placeOf(row) {
    return this.rows.indexOf(row);
  }

  async details(row) {
    const place = this.places.get(row);
    return place === undefined ? null : JSON.parse(this.lines[place]);
  }
}

// Rows from a server, fetched a page at a time as they come into sight.
class Served {
  constructor(columns, total) {
    this.columns = columns;
    this.total = total;
    this.pages = new Map();
    this.size = 200;
    this.arrived = () => {};
  }

  async ask(path, parameters) {
    const answer = await fetch(`${path}?${new URLSearchParams(parameters)}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  }

  async order(filter, sort, falling) {
    this.asked = { filter, sort: sort || '', falling: falling ? '1' : '' };
    this.pages = new Map();
    const mine = this.asked;
    const page = await this.ask('rows', { ...mine, first: 0, size: this.size });
    if (mine === this.asked) this.pages.set(0, page.rows);
    return page.total;
  }

  at(place) {
    const number = Math.floor(place / this.size);
    const page = this.pages.get(number);
    if (page === undefined) this.load(number);
    return page?.[place % this.size] && this.wrap(page[place % this.size]);
  }

  async load(number) {
    const mine = this.asked;
    this.pages.set(number, null);
    const page = await this.ask('rows', { ...mine, first: number * this.size, size: this.size });
    if (mine !== this.asked) return;
    this.pages.set(number, page.rows);
    this.arrived();
  }

  wrap(row) {
    return { ...row, get: (name) => row.values[name] };
  }

  async byId(id) {
    const found = await this.ask('sample', { id });
    return found ? this.wrap(found) : null;
  }

  placeOf(row) {
    for (const [number, page] of this.pages) {
      const place = (page || []).findIndex((each) => each.row === row);
      if (place >= 0) return number * this.size + place;
    }
    return -1;
  }

  async details(row) {
    return this.ask('details', { row });
  }
}

const embedded = read('table');
const source = facts.served
  ? new Served(facts.columns, facts.total)
  : new Embedded(JSON.parse(embedded), read('details'));
