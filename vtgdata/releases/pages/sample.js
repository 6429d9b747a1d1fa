// The page of a sample: what is asked, when it happens, what the frames show, what each model said.

function answerLanes(record) {
  return record.answers.map(([model, iou, kept, ...spans]) => ({
    title: modelName(facts.models[model]), spans: pairs(spans), colour: iouColour(iou < 0 ? null : iou / 100),
    text: iou < 0 ? (spans.length ? '' : 'none') : (iou / 100).toFixed(2), kind: kept ? 'kept' : '',
  }));
}

// The video beside the timeline, where a server has it.
function player(record, timeline) {
  if (!facts.served?.videos) return null;
  const video = el('video', { src: `video?row=${record.row}`, preload: 'metadata', playsinline: true, muted: true, controls: true });
  video.muted = true;
  video.addEventListener('error', () => video.replaceWith(el('p', { class: 'quiet' }, 'This video cannot be played here.')));
  const tell = () => {
    timeline.moveHead(video.currentTime);
    if (video.lock && video.currentTime >= video.lock[1]) video.currentTime = video.lock[0];
    if (!video.paused) requestAnimationFrame(tell);
  };
  video.addEventListener('play', tell);
  video.addEventListener('timeupdate', tell);
  return video;
}

function play(video, span) {
  if (!video) return;
  if (!video.paused) video.pause();
  else {
    video.lock = span || null;
    if (span && (video.currentTime < span[0] || video.currentTime >= span[1])) video.currentTime = span[0];
    video.play().catch(() => {});
  }
}

// What is clicked, or chosen with the keyboard.
const chosen = (action) => ({
  tabindex: 0, onclick: action,
  onkeydown: (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    event.stopPropagation();
    action();
  },
});

function strip(details, spans, choose) {
  if (!details?.frames) return null;
  const [status, times, images] = details.frames;
  if (!times.length) return el('p', { class: 'quiet' }, `no frames: the video is ${status}`);
  return el('div', { class: 'strip', role: 'list' }, times.map((time, place) => {
    const inside = spans.some(([start, end]) => time >= start && time < end);
    return el('figure', { role: 'listitem', class: inside ? 'inside' : '', ...chosen(() => choose(time)) },
      el('img', { src: `data:image/jpeg;base64,${images[place]}`, alt: `frame at ${seconds(time)}`, loading: 'lazy' }),
      el('figcaption', {}, seconds(time)));
  }));
}

// A reasoning whose times are marked: a click moves the timeline's head there.
function reasoned(text, marks, choose) {
  const parts = [];
  let from = 0;
  for (const [start, end, place] of marks || []) {
    if (place < from) continue;
    const length = text.slice(place).match(/^[\d:.]+/)?.[0].length || 0;
    parts.push(text.slice(from, place));
    parts.push(el('mark', { role: 'button', title: end > start ? `${seconds(start)} to ${seconds(end)}` : seconds(start), ...chosen(() => choose(start)) }, text.slice(place, place + length)));
    from = place + length;
  }
  parts.push(text.slice(from));
  return el('p', { class: 'said', dir: 'auto' }, parts);
}

function answerBox(record, answer, number, choose) {
  const [model, iou, kept] = record.answers[number] || [0, -1, 0];
  const scores = Object.entries(answer.scores || {}).map(([name, value]) => `${name} ${shown(value)}`);
  const said = [answer.status, ...scores, answer.tokens?.[1] ? `${answer.tokens[1]} tokens` : '', answer.finish === 'length' ? 'cut off' : ''];
  const lost = [answer.reason, answer.detail].filter(Boolean).join(': ');
  return el('details', { class: 'answer', open: number < 2 },
    el('summary', {}, el('b', { class: 'dot', style: { background: iouColour(iou < 0 ? null : iou / 100) } }),
      `${facts.models[model] ?? ''} `, iou < 0 ? 'no window' : `IoU ${(iou / 100).toFixed(2)}`, kept ? ', kept' : ''),
    el('p', { class: 'quiet' }, said.filter(Boolean).join(' · ')),
    lost && el('p', { class: 'lost' }, `not kept: ${lost}`),
    answer.error && el('p', { class: 'lost' }, `failed: ${answer.error}`),
    answer.done && el('p', { class: 'quiet' }, answer.done.join(', ')),
    answer.reasoning ? reasoned(answer.reasoning, answer.marks, choose) : null,
    answer.text && (answer.reasoning
      ? el('details', {}, el('summary', {}, 'whole answer'), el('p', { class: 'said', dir: 'auto' }, answer.text))
      : reasoned(answer.text, answer.marks, choose)));
}

function lanesOf(record, details) {
  const lanes = [{ title: 'annotation', spans: pairs(record.annotation), kind: 'annotation' }];
  if (details?.proposed?.length) lanes.push({ title: "audit's proposal", spans: pairs(details.proposed), kind: 'consensus' });
  if (record.consensus?.length) lanes.push({ title: 'answers agree on', spans: pairs(record.consensus), kind: 'consensus' });
  return [...lanes, ...answerLanes(record)];
}

// What a policy said to this sample while it was trained, a line a completion.
function completions(told, choose) {
  if (!told?.length) return null;
  return el('section', {}, el('h3', {}, 'in training, by step'), el('div', { class: 'scroll' }, el('table', { class: 'plain' },
    el('tr', {}, ['step', 'reward', 'window', 'completion'].map((word) => el('th', {}, word))),
    told.map(([step, reward, spans, text]) => el('tr', {}, el('td', { class: 'number' }, step), el('td', { class: 'number' }, shown(reward, 'share')),
      el('td', {}, pairs(spans).map(([start, end]) => el('mark', { role: 'button', ...chosen(() => choose(start)) }, `${seconds(start)} to ${seconds(end)}`))),
      el('td', { dir: 'auto' }, el('details', {}, el('summary', {}, text.slice(0, 60)), el('p', { class: 'said', dir: 'auto' }, text))))))));
}

async function samplePanel(record, close) {
  const details = await source.details(record.row).catch((error) => ({ failed: String(error) }));
  const marks = (details?.answers || []).flatMap((answer) => answer.marks || []).map(([start, end]) => [start, end]);
  const spans = pairs(record.annotation);
  const duration = record.get('duration') || Math.max(1, ...record.annotation, ...record.answers.flatMap((each) => each.slice(3)));
  const timeline = new Timeline(duration, lanesOf(record, details), marks);
  const video = player(record, timeline);
  const choose = (time) => {
    timeline.moveHead(time);
    if (video) video.currentTime = time;
  };
  const known = source.columns.filter((column) => !['query', 'sample_id'].includes(column.name) && record.get(column.name) !== null && record.get(column.name) !== '');
  const root = el('article', { class: 'sample', 'aria-label': 'sample' },
    el('header', {}, el('h2', { dir: 'auto' }, details?.query ?? record.get('query')), button('×', 'close (Escape)', close, { class: 'close' })),
    video, timeline.root, strip(details, spans, choose),
    el('dl', {}, known.map((column) => [el('dt', { title: column.help }, column.title), el('dd', {}, shown(record.get(column.name), column.kind))]),
      Object.entries(details?.facts || {}).filter(([name]) => !known.some((column) => column.name === name)).map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])),
    details?.repairs?.length ? el('section', {}, el('h3', {}, 'repairs'), el('ul', {}, details.repairs.map(([code, old, now]) => el('li', {}, `${code}: ${old} → ${now}`)))) : null,
    details?.answers?.length ? el('section', {}, el('h3', {}, 'answers'), details.answers.map((answer, number) => answerBox(record, answer, number, choose))) : null,
    completions(details?.completions, choose),
    details === null ? el('p', { class: 'quiet' }, `Frames and texts of this sample are not in this file (it has those of ${facts.detailed.length}); vtgdata view shows them all.`) : null,
    details?.failed ? el('p', { class: 'lost' }, details.failed) : null);
  root.video = video;
  root.spans = spans;
  requestAnimationFrame(() => timeline.draw());
  return root;
}
