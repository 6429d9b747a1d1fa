// Plots as SVG with axes: histograms, bars that lie, heat maps, lines, intervals. Their numbers come with the page.

const PLOT = { width: 460, height: 250, left: 56, right: 14, top: 10, bottom: 44 };

function axisNumber(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return Number(value.toPrecision(4)).toLocaleString('en', { maximumFractionDigits: 6 });
}

// A scale: {at: value -> pixel, ticks}. Logarithmic where the numbers span decades.
function scale(low, high, from, to, log, most) {
  if (log) {
    const [a, b] = [Math.log10(low), Math.log10(high)];
    const powers = [];
    for (let power = Math.ceil(a - 1e-9); power <= b + 1e-9; power++) powers.push(10 ** power);
    return { at: (value) => from + ((Math.log10(Math.max(value, low)) - a) / (b - a || 1)) * (to - from), ticks: powers };
  }
  return { at: (value) => from + ((value - low) / (high - low || 1)) * (to - from), ticks: ticks(low, high, most || 5) };
}

function frame(spec, x, y) {
  const { width, height, left, right, top, bottom } = PLOT;
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'plot', role: 'img', 'aria-label': spec.title });
  for (const at of y.ticks) {
    picture.append(svg('line', { x1: left, x2: width - right, y1: y.at(at), y2: y.at(at), class: 'grid' }));
    picture.append(svg('text', { x: left - 6, y: y.at(at) + 4, 'text-anchor': 'end', class: 'tick' }, axisNumber(at)));
  }
  for (const at of x.ticks) {
    picture.append(svg('line', { x1: x.at(at), x2: x.at(at), y1: height - bottom, y2: height - bottom + 4, class: 'axis' }));
    picture.append(svg('text', { x: x.at(at), y: height - bottom + 17, 'text-anchor': 'middle', class: 'tick' }, axisNumber(at)));
  }
  picture.append(svg('path', { d: `M${left} ${top}V${height - bottom}H${width - right}`, class: 'axis' }));
  picture.append(svg('text', { x: (left + width - right) / 2, y: height - 8, 'text-anchor': 'middle', class: 'label' }, spec.x));
  picture.append(svg('text', { x: 12, y: (top + height - bottom) / 2, 'text-anchor': 'middle', class: 'label', transform: `rotate(-90 12 ${(top + height - bottom) / 2})` }, spec.y));
  return picture;
}

const across = (low, high, log) => scale(low, high, PLOT.left, PLOT.width - PLOT.right, log, 6);
const upward = (low, high, log) => scale(low, high, PLOT.height - PLOT.bottom, PLOT.top, log);

function histogram(spec) {
  const { edges, counts } = spec;
  const most = Math.max(...counts, 1);
  const least = Math.min(...counts.filter((count) => count > 0), most);
  const log = most / least > 300;
  const y = upward(log ? 0.5 : 0, most * (log ? 1.3 : 1.05), log);
  const x = across(edges[0], edges[edges.length - 1], spec.log);
  const picture = frame({ ...spec, y: log ? `${spec.y} (log)` : spec.y }, x, y);
  counts.forEach((count, place) => {
    if (!count) return;
    const [a, b] = [x.at(edges[place]), x.at(edges[place + 1])];
    picture.append(svg('rect', { x: a + 0.5, width: Math.max(1, b - a - 1), y: y.at(count), height: PLOT.height - PLOT.bottom - y.at(count), class: 'bar' },
      svg('title', {}, `${axisNumber(edges[place])} to ${axisNumber(edges[place + 1])}: ${count.toLocaleString('en')}`)));
  });
  return picture;
}

function heat(spec) {
  const size = spec.cells.length;
  const x = across(0, 1);
  const y = upward(0, 1);
  const picture = frame(spec, x, y);
  const most = Math.max(...spec.cells.flat(), 1);
  spec.cells.forEach((column, i) => column.forEach((count, j) => {
    if (!count) return;
    picture.append(svg('rect', {
      x: x.at(i / size), y: y.at((j + 1) / size), width: (PLOT.width - PLOT.left - PLOT.right) / size - 0.5,
      height: (PLOT.height - PLOT.top - PLOT.bottom) / size - 0.5, class: 'hot',
      style: { opacity: 0.12 + 0.88 * Math.log1p(count) / Math.log1p(most) },
    }, svg('title', {}, `start ${(i / size).toFixed(2)}, end ${(j / size).toFixed(2)}: ${count.toLocaleString('en')}`)));
  }));
  return picture;
}

// The least and the largest of a coordinate. A long run has more points than a function may have arguments.
function bounds(points, axis) {
  return points.reduce(([low, high], point) => [Math.min(low, point[axis]), Math.max(high, point[axis])], [Infinity, -Infinity]);
}

function lines(spec) {
  const points = spec.series.flatMap((each) => each.points);
  const [first, last] = bounds(points, 0);
  const [low, high] = bounds(points, 1);
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  const x = across(first, Math.max(last, first + 1));
  const y = upward(low >= 0 && low < high / 2 ? 0 : low - room, high + room);
  const picture = frame(spec, x, y);
  spec.series.forEach((each, place) => {
    const d = each.points.map((point, n) => `${n ? 'L' : 'M'}${x.at(point[0]).toFixed(1)} ${y.at(point[1]).toFixed(1)}`).join('');
    picture.append(svg('path', { d, class: `line s${place % 6}` }, svg('title', {}, each.name)));
  });
  return picture;
}

// Bars that lie, one a line, with their labels: funnels, and how often each text occurs.
function bars(spec) {
  const most = Math.max(...spec.rows.map((row) => row.count), 1);
  return el('table', { class: 'bars', 'aria-label': spec.title }, spec.rows.map((row) => el('tr', { class: row.lost ? 'lost' : '' },
    el('th', { scope: 'row', dir: 'auto' }, row.label),
    el('td', {}, el('i', { style: { width: `${Math.max(0.3, (100 * row.count) / most)}%` } })),
    el('td', { class: 'number' }, row.count.toLocaleString('en')))));
}

// Values with intervals, one a line, on one axis.
function intervals(spec) {
  const { width, left } = { width: 460, left: 170 };
  const height = spec.rows.length * 22 + 44;
  const ends = spec.rows.flatMap((row) => [row.low ?? row.value, row.high ?? row.value]);
  const x = scale(Math.min(0, ...ends), Math.max(...ends, 0.01), left, width - 50, false, 4);
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'plot', role: 'img', 'aria-label': spec.title });
  for (const at of x.ticks) {
    picture.append(svg('line', { x1: x.at(at), x2: x.at(at), y1: 0, y2: height - 38, class: 'grid' }));
    picture.append(svg('text', { x: x.at(at), y: height - 24, 'text-anchor': 'middle', class: 'tick' }, axisNumber(at)));
  }
  spec.rows.forEach((row, place) => {
    const y = place * 22 + 13;
    const words = row.label.length > 26 ? `…${row.label.slice(-25)}` : row.label;
    picture.append(svg('text', { x: left - 8, y: y + 4, 'text-anchor': 'end', class: 'tick' }, words, svg('title', {}, row.label)));
    if (row.low !== null && row.low !== undefined) picture.append(svg('line', { x1: x.at(row.low), x2: x.at(row.high), y1: y, y2: y, class: 'interval' }));
    picture.append(svg('circle', { cx: x.at(row.value), cy: y, r: 4, class: row.quiet ? 'point quiet' : 'point' }));
    picture.append(svg('text', { x: width - 44, y: y + 4, class: 'tick' }, row.value.toFixed(3)));
  });
  picture.append(svg('text', { x: (left + width - 50) / 2, y: height - 6, 'text-anchor': 'middle', class: 'label' }, spec.x));
  return picture;
}

const DRAW = { histogram, heat, lines, bars, intervals };

function plot(spec) {
  const names = spec.series?.length > 1
    ? el('p', { class: 'legend' }, spec.series.map((each, place) => el('span', { class: `key s${place % 6}` }, each.name))) : null;
  return el('figure', { class: `plotted ${spec.kind}` }, el('figcaption', {}, spec.title), DRAW[spec.kind](spec), names, spec.note && el('p', { class: 'quiet' }, spec.note));
}
