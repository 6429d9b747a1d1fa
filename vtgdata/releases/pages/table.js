// The table of samples: only the rows in sight exist, so that its length costs nothing.

// Pixels: no browser lays out an element of more than some 10^7, and beyond them the last rows could not be reached.
const HIGHEST = 8e6;
const WIDTH = { text: 110, number: 76, share: 84 };
// Pixels of a column: one that names a model is wider.
const widthOf = (column) => (column.title.includes(',') ? 150 : WIDTH[column.kind]);

class Table {
  constructor(open) {
    this.open = open;
    this.count = 0;
    this.cursor = 0;
    this.pool = [];
    this.head = el('div', { class: 'head', role: 'row' });
    this.space = el('div', { class: 'space' });
    this.body = el('div', { class: 'body', role: 'rowgroup', tabindex: 0, onscroll: () => this.soon() }, this.space);
    this.root = el('div', { class: 'table', role: 'grid', 'aria-label': 'samples' }, this.head, this.body);
    this.body.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.fold()).observe(this.root);
    source.arrived = () => this.draw(true);
  }

  get height() {
    return this.root.clientWidth < 600 ? 52 : 30;
  }

  // How much faster the rows go by than the scrollbar says: 1 but for very many rows.
  get pace() {
    const [full, view] = [this.count * this.height, this.body.clientHeight];
    return full > HIGHEST ? (full - view) / (HIGHEST - view) : 1;
  }

  // The columns that fit, the most important ones first.
  fold() {
    const narrow = this.root.clientWidth < 600;
    const query = narrow ? 150 : 240;
    let left = this.root.clientWidth - query - (narrow ? 104 : 210) - 50;
    const ranked = source.columns.filter((column) => column.name !== 'query').sort((a, b) => a.rank - b.rank);
    const kept = new Set(['query']);
    for (const column of ranked) {
      left -= widthOf(column) + 10;
      if (left < 0) break;
      kept.add(column.name);
    }
    if (state.sort) kept.add(state.sort);
    this.columns = source.columns.filter((column) => kept.has(column.name));
    const widths = this.columns.map((column) => (column.name === 'query' ? 'minmax(0, 1fr)' : `${widthOf(column)}px`));
    this.span = narrow ? 96 : 200;
    widths.splice(this.columns.findIndex((column) => column.name === 'query') + 1, 0, `${this.span}px`);
    this.root.style.setProperty('--columns', widths.join(' '));
    this.root.style.setProperty('--gutter', `${this.body.offsetWidth - this.body.clientWidth}px`);
    this.titles();
    this.pool.forEach((row) => row.remove());
    this.pool = [];
    this.draw(true);
  }

  titles() {
    const cells = this.columns.map((column) => {
      const mine = state.sort === column.name;
      return el('div', { role: 'columnheader', class: column.kind, 'aria-sort': mine ? (state.falling ? 'descending' : 'ascending') : 'none' },
        button(`${column.title}${mine ? (state.falling ? ' ▾' : ' ▴') : ''}`, `${column.help}: sort`, () => sortBy(column.name)));
    });
    cells.splice(this.columns.findIndex((column) => column.name === 'query') + 1, 0, el('div', { role: 'columnheader', class: 'when' }, 'when'));
    this.head.replaceChildren(...cells);
  }

  show(count) {
    this.count = count;
    this.cursor = Math.min(this.cursor, Math.max(0, count - 1));
    this.body.scrollTop = 0;
    this.root.setAttribute('aria-rowcount', count + 1);
    if (this.columns) this.titles();
    this.draw(true);
  }

  soon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw(false);
    });
  }

  draw(anew) {
    if (!this.columns) return;
    const height = this.height;
    this.space.style.height = `${Math.min(this.count * height, HIGHEST)}px`;
    const shift = this.body.scrollTop * (this.pace - 1);
    const first = Math.max(0, Math.floor((this.body.scrollTop + shift) / height) - 4);
    const wanted = Math.min(this.count - first, Math.ceil(this.body.clientHeight / height) + 8);
    while (this.pool.length < wanted) this.grow();
    const left = new Map();
    const free = [];
    for (const row of this.pool) {
      const inside = row.place >= first && row.place < first + wanted;
      if (inside && !anew && row.filled) left.set(row.place, row);
      else free.push(row);
    }
    for (let place = first; place < first + wanted; place++) if (!left.has(place)) this.put(free.pop(), place);
    for (const row of free) this.park(row);
    for (const row of this.pool) row.style.top = `${row.place * height - shift}px`;
  }

  grow() {
    const cells = this.columns.map((column) => el('div', { role: 'gridcell', class: `cell ${column.kind} ${column.name}` }, ''));
    const when = el('div', { class: 'cell when', role: 'gridcell' });
    const all = [...cells];
    all.splice(this.columns.findIndex((column) => column.name === 'query') + 1, 0, when);
    const row = el('div', { class: 'row', role: 'row' }, all);
    Object.assign(row, { cells, when, place: -1 });
    row.addEventListener('click', () => this.choose(row.place, true));
    this.space.append(row);
    this.pool.push(row);
  }

  park(row) {
    if (row.place === -1) return;
    row.place = -1;
    row.filled = false;
    row.style.display = 'none';
  }

  put(row, place) {
    const record = source.at(place);
    row.place = place;
    row.filled = Boolean(record);
    row.style.display = '';
    row.setAttribute('aria-rowindex', place + 2);
    row.classList.toggle('cursor', place === this.cursor);
    row.classList.toggle('chosen', Boolean(record) && record.id === state.id);
    this.columns.forEach((column, number) => this.cell(row.cells[number], column, record));
    this.bars(row.when, record);
  }

  cell(cell, column, record) {
    const hidden = record && telling(column.name) && undecided.has(record.id);
    const value = record && !hidden ? record.get(column.name) : '';
    const words = visible(shown(value, column.kind));
    if (cell.words === words) return;
    cell.words = words;
    cell.firstChild.data = words;
    if (column.kind === 'share') cell.style.backgroundSize = `${100 * (value || 0)}% 100%`;
  }

  // The first window and what the answers agree on, as two bars of the cell's background: no nodes of their own.
  bars(cell, record) {
    const duration = undecided.has(record?.id) ? 0 : record?.get('duration');
    const [above, below] = [record?.annotation, record?.consensus].map((spans) => {
      if (!spans?.length || !duration) return [0, 0];
      const start = Math.min(1, spans[0] / duration);
      return [start, Math.max(0.015, Math.min(1 - start, (spans[1] - spans[0]) / duration))].map((share) => share * this.span);
    });
    cell.style.backgroundPosition = `${above[0]}px 1px, ${below[0]}px 9px`;
    cell.style.backgroundSize = `${above[1]}px 7px, ${below[1]}px 6px`;
  }

  choose(place, open) {
    if (place < 0 || place >= this.count) return;
    this.cursor = place;
    const top = place * this.height;
    const seen = this.body.scrollTop * this.pace;
    if (top < seen) this.body.scrollTop = top / this.pace;
    else if (top + this.height > seen + this.body.clientHeight) this.body.scrollTop = (top + this.height - this.body.clientHeight) / this.pace;
    this.draw(true);
    const record = source.at(place);
    if (record && open) this.open(record);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.body.clientHeight / this.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.count, End: this.count };
    if (event.key in steps) this.choose(Math.min(this.count - 1, Math.max(0, this.cursor + steps[event.key])), Boolean(state.id));
    else if (event.key === 'Enter') this.choose(this.cursor, true);
    else return;
    event.preventDefault();
  }
}
