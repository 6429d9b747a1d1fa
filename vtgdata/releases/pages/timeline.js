// The timeline of a sample: a lane for the annotation, one for what the answers agree on, one for each answer.

const LANE = 22;

// Round steps of an axis: at most `most` of them.
function ticks(low, high, most) {
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) || 1;
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + 1e-9 * step; at += step) found.push(Number(at.toFixed(9)));
  return found;
}

// Args: duration in seconds; lanes: [{name, title, spans: [[start, end], ...], colour, text, kind, edit}];
// marks: times that a reasoning names; from, to: what is in sight.
class Timeline {
  constructor(duration, lanes, marks, options) {
    this.duration = duration;
    this.lanes = lanes;
    this.marks = marks || [];
    this.options = options || {};
    this.view = [0, duration];
    this.head = null;
    this.root = el('div', { class: 'timeline' });
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.root);
  }

  get left() {
    return this.width < 500 ? 74 : 150;
  }

  x(time) {
    const [from, to] = this.view;
    return this.left + ((time - from) / (to - from)) * (this.width - this.left - 46);
  }

  time(x) {
    const [from, to] = this.view;
    const time = from + ((x - this.left) / (this.width - this.left - 46)) * (to - from);
    return Math.min(this.duration, Math.max(0, time));
  }

  zoom(from, to) {
    this.view = [Math.max(0, from), Math.min(this.duration, to)];
    this.draw();
  }

  draw() {
    this.width = Math.max(260, this.root.clientWidth);
    const height = LANE * this.lanes.length + 34;
    const right = this.width - 46;
    const picture = svg('svg', { width: this.width, height, role: 'img', 'aria-label': 'timeline' });
    for (const at of ticks(this.view[0], this.view[1], (right - this.left) / 70)) {
      const x = this.x(at);
      picture.append(svg('line', { x1: x, x2: x, y1: 0, y2: height - 24, class: 'grid' }));
      picture.append(svg('text', { x, y: height - 8, 'text-anchor': 'middle', class: 'tick' }, shown(at)));
    }
    picture.append(svg('text', { x: this.width - 4, y: height - 8, 'text-anchor': 'end', class: 'tick' }, 's'));
    this.lanes.forEach((lane, number) => this.lane(picture, lane, number * LANE + 2));
    for (const [start, end] of this.marks) {
      const [a, b] = [this.x(start), this.x(end)];
      if (b < this.left || a > right) continue;
      picture.append(svg('path', { d: `M${a} ${height - 30}l4 6h-8z`, class: 'mark' }, svg('title', {}, seconds(start))));
      if (end > start) picture.append(svg('line', { x1: a, x2: b, y1: height - 24, y2: height - 24, class: 'mark' }));
    }
    this.line = svg('line', { y1: 0, y2: height - 24, class: 'head', visibility: 'hidden' });
    picture.append(this.line);
    this.root.replaceChildren(picture);
    this.picture = picture;
    this.moveHead(this.head);
  }

  lane(picture, lane, top) {
    const letters = Math.floor((this.left - 8) / 6.6);
    const half = Math.floor((letters - 1) / 2); // names of models differ at their ends
    const title = lane.title.length > letters ? `${lane.title.slice(0, half)}…${lane.title.slice(-half)}` : lane.title;
    picture.append(svg('text', { x: 0, y: top + 13, class: 'lane' }, title, svg('title', {}, lane.title)));
    picture.append(svg('rect', { x: this.left, y: top + 2, width: this.width - 46 - this.left, height: LANE - 6, class: 'track' }));
    lane.spans.forEach((span, place) => {
      const a = Math.max(this.left, this.x(span[0]));
      const b = Math.min(this.width - 46, this.x(span[1]));
      if (b < this.left || a > this.width - 46) return;
      const box = svg('rect', {
        x: a, y: top + 2, width: Math.max(2, b - a), height: LANE - 6, rx: 2, class: `span ${lane.kind || ''}`,
        style: lane.colour ? { fill: lane.colour } : {},
      }, svg('title', {}, `${lane.title}: ${seconds(span[0])} to ${seconds(span[1])}${lane.text ? `, ${lane.text}` : ''}`));
      if (lane.edit) box.addEventListener('pointerdown', (event) => lane.edit.body(event, place, this));
      picture.append(box);
      if (lane.edit) [0, 1].forEach((edge) => picture.append(this.handle(lane, place, edge, top)));
    });
    if (lane.text) picture.append(svg('text', { x: this.width - 42, y: top + 13, class: 'tick' }, lane.text));
  }

  // An edge that is dragged or nudged: a slider for the keyboard and for readers of the screen.
  handle(lane, place, edge, top) {
    const value = lane.spans[place][edge];
    return svg('rect', {
      x: this.x(value) - 5, y: top, width: 10, height: LANE - 2, rx: 3, tabindex: 0, role: 'slider',
      class: lane.edit.active(place, edge) ? 'handle active' : 'handle',
      'aria-label': `${edge ? 'end' : 'start'} of window ${place + 1}`, 'aria-valuemin': 0,
      'aria-valuemax': this.duration, 'aria-valuenow': value, 'aria-valuetext': seconds(value),
      'data-edge': `${place}:${edge}`, onpointerdown: (event) => lane.edit.edge(event, place, edge, this),
      onfocus: () => lane.edit.choose(place, edge),
    });
  }

  moveHead(time) {
    this.head = time;
    if (!this.line) return;
    const there = time !== null && time !== undefined && time >= this.view[0] && time <= this.view[1];
    this.line.setAttribute('visibility', there ? 'visible' : 'hidden');
    if (!there) return;
    this.line.setAttribute('x1', this.x(time));
    this.line.setAttribute('x2', this.x(time));
  }
}
