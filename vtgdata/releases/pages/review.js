// The review of a queue of labels: which window is the annotation is not said before a decision is made.

const REVIEW_KEYS = [
  ['1 2', 'begin with window A or B'], ['← →', 'move the edge by 0.1 s; with Shift by a frame'], ['[ ]', 'choose the start or the end'],
  ['s e', 'set the start or the end to where the video is'], ['j k', 'next or previous window'], ['w', 'one more window'],
  ['Delete', 'take a window away'], ['Enter', 'decide, and go on'], ['x', 'no such moment'], ['d', 'drop the sample'],
  ['u', 'undo'], ['n', 'a note'], ['↑ ↓', 'label above or below'], ['z', 'closer, or whole'], ['< >', 'slower, faster'],
];
const SHORTEST = 0.05;

// Ids of labels that are not decided yet: nothing else on the page may say which window is the annotation.
const undecided = new Set();
const TELLING = new Set(['start', 'length', 'moments', 'p_wrong', 'mean_iou', 'disagreement', 'gain', 'trace', 'repaired', 'change']);
const telling = (name) => TELLING.has(name) || name.startsWith('pass_rate');

const round = (value) => Math.round(value * 1000) / 1000;

// Whether A is the proposal: the same every time for a label, and as good as drawn.
function swapped(id) {
  let hash = 2166136261;
  for (const letter of id) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619);
  return Boolean((hash >>> 13) & 1);
}

function stored(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(name);
    localStorage.setItem(name, value);
  } catch { /* a page from disk may have no store: then decisions last as long as the page */ }
  return null;
}

class Review {
  constructor() {
    this.items = facts.review.items;
    this.decisions = new Map();
    this.drafts = new Map();
    this.past = [];
    this.saving = Promise.resolve();
    this.unsaved = 0;
    addEventListener('beforeunload', (event) => { if (this.unsaved) event.preventDefault(); });
    this.place = 0;
    this.active = [0, 0];
    this.key = `vtgdata-review ${facts.review.key}`;
    this.who = el('input', { placeholder: 'your initials', 'aria-label': 'your initials', value: facts.review.who || stored('vtgdata-who') || '', maxlength: 40, class: 'who', oninput: () => stored('vtgdata-who', this.who.value.trim()) });
    this.note = el('input', { placeholder: 'note (n)', 'aria-label': 'note', class: 'note-field', maxlength: 500, onkeydown: (event) => event.key === 'Enter' && this.note.blur() });
    this.list = el('div', { class: 'queue', role: 'listbox', 'aria-label': 'labels to look at' });
    this.desk = el('div', { class: 'desk' });
    this.root = el('div', { class: 'review' }, this.list, this.desk);
    this.root.key = (event) => this.pressed(event);
    this.root.go = (place) => this.go(place);
    this.rows = this.items.map((item, place) => button([el('span', {}, `${place + 1}`), el('span', {}, item.query)], '', () => this.go(place), { role: 'option' }));
    this.list.append(...this.rows);
    for (const item of this.items) undecided.add(item.id);
    for (const line of this.served ? facts.review.decided : JSON.parse(stored(this.key) || '[]')) this.noteDown(line.sample_id, line);
    this.go(Math.max(0, this.items.findIndex((item) => !this.decisions.has(item.id))));
  }

  noteDown(id, decision) {
    if (decision) this.decisions.set(id, decision);
    else this.decisions.delete(id);
    if (decision) undecided.delete(id);
    else undecided.add(id);
  }

  get served() { return Boolean(facts.served); }

  get item() { return this.items[this.place]; }

  get windows() { return this.drafts.get(this.item.id) || []; }

  sets(item) {
    const both = [pairs(item.annotation), pairs(item.proposed)];
    return swapped(item.id) ? both.reverse() : both;
  }

  go(place) {
    if (place < 0 || place >= this.items.length) return;
    this.place = place;
    this.active = [0, 0];
    const decided = this.decisions.get(this.item.id);
    if (decided?.windows && !this.drafts.has(this.item.id)) this.drafts.set(this.item.id, decided.windows);
    this.note.value = decided?.note || '';
    this.show();
  }

  async show() {
    const { item } = this;
    const decided = this.decisions.get(item.id);
    this.timeline = new Timeline(item.duration || 1, this.lanes(), []);
    const record = { row: item.row, annotation: item.annotation, get: () => null };
    this.video = player(record, this.timeline);
    this.pictures = el('div', {});
    this.words = el('p', { role: 'status', class: 'quiet' });
    this.count = el('p', { class: 'quiet progress' });
    this.desk.replaceChildren(
      this.count, el('h2', { dir: 'auto' }, item.query), ...(this.video ? [this.video] : []), this.timeline.root, this.pictures,
      el('div', { class: 'actions' },
        button('A', 'begin with A (1)', () => this.take(0), { 'data-do': 'a' }), this.sets(item)[1].length ? button('B', 'begin with B (2)', () => this.take(1), { 'data-do': 'b' }) : null,
        button('+ window', 'one more window (w)', () => this.add()), button('decide', 'decide, and go on (Enter)', () => this.decide(), { class: 'main', 'data-do': 'decide' }),
        button('no such moment', 'x', () => this.settle('none')), button('drop', 'd', () => this.settle('drop')), button('undo', 'u', () => this.undo())),
      el('div', { class: 'actions' }, this.who, this.note, button('download decisions', 'as a file for vtgdata review --apply', () => this.save(), { 'data-do': 'download' })),
      this.words, decided ? this.verdict(decided) : '');
    this.mark();
    requestAnimationFrame(() => this.timeline.draw());
    const details = await source.details(item.row).catch(() => null);
    if (this.item !== item) return;
    this.details = details;
    this.pictures.replaceChildren(strip(details, [], (time) => this.seek(time)) || '');
    if (decided && details?.answers?.length) {
      const found = await source.byId(item.id);
      if (found && this.item === item) {
        this.timeline.lanes = [...this.lanes(), ...answerLanes(found)];
        this.timeline.draw();
      }
    }
  }

  lanes() {
    const { item } = this;
    const decided = this.decisions.has(item.id);
    const [first, second] = this.sets(item);
    const names = swapped(item.id) ? ['proposal', 'annotation'] : ['annotation', 'proposal'];
    const lanes = [['A', first, names[0]], ['B', second, names[1]]].filter(([, spans]) => spans.length).map(([letter, spans, name]) => ({
      title: decided ? `${letter}: ${name}` : letter, spans, kind: decided ? (name === 'annotation' ? 'annotation' : 'consensus') : 'neutral',
    }));
    return [...lanes, { title: 'yours', spans: this.windows, kind: 'yours', edit: {
      active: (place, edge) => place === this.active[0] && edge === this.active[1], choose: (place, edge) => { this.active = [place, edge]; },
      edge: (event, place, edge, timeline) => this.drag(event, timeline, place, [edge]), body: (event, place, timeline) => this.drag(event, timeline, place, [0, 1]),
    } }];
  }

  draw() {
    const focused = document.activeElement?.getAttribute?.('data-edge');
    this.timeline.lanes = this.lanes();
    this.timeline.draw();
    if (focused) this.timeline.root.querySelector(`[data-edge="${focused}"]`)?.focus();
    this.words.textContent = this.windows.map(([start, end]) => `${seconds(start)} to ${seconds(end)}`).join(', ');
  }

  mark() {
    this.rows.forEach((row, place) => {
      row.classList.toggle('now', place === this.place);
      row.classList.toggle('done', this.decisions.has(this.items[place].id));
      row.setAttribute('aria-selected', String(place === this.place));
    });
    this.rows[this.place]?.scrollIntoView({ block: 'nearest' });
    this.count.textContent = `label ${this.place + 1} of ${this.items.length}, ${this.decisions.size} decided`;
    this.words.textContent = this.windows.map(([start, end]) => `${seconds(start)} to ${seconds(end)}`).join(', ');
  }

  verdict(decided) {
    const said = { accept: 'accepted: the annotation stays', fix: 'the label becomes yours', none: 'no such moment', drop: 'dropped' };
    return el('p', { class: 'verdict' }, `${said[decided.decision]} (${decided.who}, ${decided.when})${decided.note ? `: ${decided.note}` : ''}`);
  }

  set(windows) {
    this.drafts.set(this.item.id, windows);
    this.draw();
  }

  take(number) {
    const spans = this.sets(this.item)[number];
    if (!spans.length) return;
    this.active = [0, 0];
    this.set(spans.map((span) => [...span]));
    this.seek(spans[0][0]);
  }

  add() {
    const middle = this.timeline.head ?? (this.item.duration || 1) / 2;
    const half = Math.min(2, (this.item.duration || 1) / 8);
    const window = [round(Math.max(0, middle - half)), round(Math.min(this.item.duration || 1, middle + half))];
    this.active = [this.windows.length, 0];
    this.set([...this.windows, window]);
  }

  remove() {
    this.set(this.windows.filter((_, place) => place !== this.active[0]));
    this.active = [0, 0];
  }

  // Moves edges of a window by some seconds; a window keeps its order and stays in the video.
  move(window, edges, by) {
    const found = [...window];
    const end = this.item.duration || Infinity;
    if (edges.length === 2) {
      const length = window[1] - window[0];
      found[0] = Math.min(Math.max(0, window[0] + by), end - length);
      found[1] = found[0] + length;
    } else if (edges[0] === 0) found[0] = Math.min(Math.max(0, window[0] + by), window[1] - SHORTEST);
    else found[1] = Math.max(Math.min(end, window[1] + by), window[0] + SHORTEST);
    return found.map(round);
  }

  nudge(by) {
    const [place, edge] = this.active;
    if (!this.windows[place]) return;
    const moved = this.move(this.windows[place], [edge], by);
    this.set(this.windows.map((window, at) => (at === place ? moved : window)));
    this.seek(moved[edge]);
  }

  drag(event, timeline, place, edges) {
    event.preventDefault();
    if (edges.length === 1) this.active = [place, edges[0]];
    const left = timeline.root.getBoundingClientRect().left;
    const from = timeline.time(event.clientX - left);
    const before = this.windows[place];
    const moved = (now) => {
      const window = this.move(before, edges, timeline.time(now.clientX - left) - from);
      this.set(this.windows.map((each, at) => (at === place ? window : each)));
      this.seek(window[edges[0]]);
    };
    const done = () => {
      removeEventListener('pointermove', moved);
      removeEventListener('pointerup', done);
      removeEventListener('pointercancel', done);
    };
    addEventListener('pointermove', moved);
    addEventListener('pointerup', done);
    addEventListener('pointercancel', done);
  }

  seek(time) {
    this.timeline.moveHead(time);
    if (this.video?.currentTime !== undefined) this.video.currentTime = time;
  }

  decide() {
    const windows = [...this.windows].sort((a, b) => a[0] - b[0]);
    if (!windows.length) return this.say('Begin with A or B (1, 2), or add a window (w).');
    const label = pairs(this.item.annotation);
    const same = windows.length === label.length && windows.every((window, place) => window.every((value, edge) => Math.abs(value - label[place][edge]) < 0.0005));
    return this.settle(same ? 'accept' : 'fix', same ? null : windows);
  }

  settle(decision, windows) {
    if (!this.who.value.trim()) {
      this.say('Say who you are first.');
      return this.who.focus();
    }
    const made = { sample_id: this.item.id, decision, ...(windows ? { windows } : {}), who: this.who.value.trim(), when: `${new Date().toISOString().slice(0, 19)}Z`, label: this.item.label, note: this.note.value.trim() };
    this.past.push([this.place, this.item.id, this.decisions.get(this.item.id)]);
    this.noteDown(this.item.id, made);
    this.keep(made);
    const next = this.items.findIndex((item, place) => place > this.place && !this.decisions.has(item.id));
    this.go(next >= 0 ? next : this.place);
    return undefined;
  }

  undo() {
    const [place, id, before] = this.past.pop() || [];
    if (place === undefined) return this.say('Nothing to undo.');
    this.noteDown(id, before);
    this.keep(before || { sample_id: id, decision: '' });
    this.go(place);
    return undefined;
  }

  // Keeps a decision: in the browser, or with the server, which writes the file.
  keep(made) {
    stored(this.key, JSON.stringify([...this.decisions.values()]));
    if (!facts.served?.saves) return;
    this.unsaved += 1;
    document.body.dataset.unsaved = this.unsaved;
    // One after the other: what is undone must not be overtaken by what undoes it.
    this.saving = this.saving
      .then(() => fetch('decide', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(made) }))
      .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); })
      .catch((error) => this.say(`The decision was not saved (${error.message}): download the decisions.`))
      .finally(() => { this.unsaved -= 1; document.body.dataset.unsaved = this.unsaved; });
  }

  save() {
    if (!this.decisions.size) return this.say('Nothing is decided yet.');
    const order = this.items.map((item) => this.decisions.get(item.id)).filter(Boolean);
    return download('decisions.jsonl', order.map((each) => `${JSON.stringify(each)}\n`).join(''));
  }

  say(words) { this.words.textContent = words; }

  pressed(event) {
    const step = event.shiftKey ? 1 / (this.item.fps || 25) : 0.1;
    const { windows, active } = this;
    const choose = (place, edge) => {
      this.active = [(place + windows.length) % Math.max(1, windows.length), edge];
      this.draw();
      if (windows[this.active[0]]) this.seek(windows[this.active[0]][edge]);
    };
    const edgeAt = (edge) => {
      const now = this.video?.currentTime ?? this.timeline.head;
      if (windows[active[0]] && now !== null) { this.active = [active[0], edge]; this.nudge(now - windows[active[0]][edge]); }
    };
    const zoomed = this.timeline.view[0] > 0 || this.timeline.view[1] < this.timeline.duration;
    const near = windows[active[0]] || this.sets(this.item)[0][0];
    const actions = {
      1: () => this.take(0), 2: () => this.take(1), ArrowLeft: () => this.nudge(-step), ArrowRight: () => this.nudge(step),
      '[': () => choose(active[0], 0), ']': () => choose(active[0], 1), s: () => edgeAt(0), e: () => edgeAt(1),
      j: () => choose(active[0] + 1, 0), k: () => choose(active[0] - 1, 0), w: () => this.add(), Delete: () => this.remove(),
      x: () => this.settle('none'), d: () => this.settle('drop'), u: () => this.undo(), n: () => this.note.focus(),
      ArrowDown: () => this.go(this.place + 1), ArrowUp: () => this.go(this.place - 1), ' ': () => play(this.video, near),
      z: () => this.timeline.zoom(...(zoomed ? [0, this.timeline.duration] : [near[0] - 5, near[1] + 5])),
      '<': () => { if (this.video) this.video.playbackRate = Math.max(0.25, this.video.playbackRate / 1.5); },
      '>': () => { if (this.video) this.video.playbackRate = Math.min(4, this.video.playbackRate * 1.5); },
    };
    if (event.key === 'Enter' || event.key === ' ') {
      if (event.target.matches('button, a, summary')) return false;
      if (event.key === 'Enter') actions.Enter = () => this.decide();
    }
    if (!actions[event.key]) return false;
    actions[event.key]();
    return true;
  }
}

const reviewPage = () => new Review().root;
