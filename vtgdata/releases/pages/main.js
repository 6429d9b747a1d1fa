// What is in sight follows from the address: #tab=samples&filter=...&sort=...&falling=1&id=...

const state = { tab: '', filter: '', sort: '', falling: false, id: '' };
const TABS = [
  ['overview', 'Overview', () => true],
  ['samples', 'Samples', () => source.total > 0],
  ['review', 'Review', () => facts.review],
  ['drops', 'Left out', () => facts.drops.total > 0],
].filter(([, , there]) => there());

const side = el('aside', { class: 'side', hidden: true });
const table = new Table((record) => go({ id: record.id }));
const counted = el('output', { class: 'counted' });
const field = el('input', { type: 'search', placeholder: 'filter: words, corpus:name, pass_rate<0.5, -trace:kept', 'aria-label': 'filter', spellcheck: 'false' });
const bar = el('div', { class: 'bar' }, field, counted);
const pages = {};
let asked = '';
let panel = null;

function address(changes) {
  const next = { ...state, ...changes };
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(next)) if (value) parameters.set(name, value === true ? '1' : value);
  return `#${parameters}`;
}

function go(changes) {
  history.pushState(null, '', address(changes));
  follow();
}

function sortBy(name) {
  const column = source.columns.find((each) => each.name === name);
  const down = column.kind !== 'text';
  if (state.sort !== name) go({ sort: name, falling: down });
  else if (state.falling === down) go({ falling: !down });
  else go({ sort: '', falling: false });
}

async function follow() {
  if (facts.review) pages.review ??= reviewPage();
  const parameters = new URLSearchParams(location.hash.slice(1));
  const first = facts.review ? 'review' : source.total ? 'samples' : 'overview';
  Object.assign(state, {
    tab: TABS.some(([name]) => name === parameters.get('tab')) ? parameters.get('tab') : first,
    filter: parameters.get('filter') || '', sort: parameters.get('sort') || '',
    falling: Boolean(parameters.get('falling')), id: parameters.get('id') || '',
  });
  if (document.activeElement !== field) field.value = state.filter;
  showTab();
  const key = JSON.stringify([state.filter, state.sort, state.falling]);
  if (state.tab === 'samples' && key !== asked) {
    asked = key;
    const count = await source.order(state.filter, state.sort, state.falling).catch(() => null);
    if (key !== asked) return;
    if (count === null) {
      asked = '';
      counted.textContent = 'no answer: does vtgdata view still run?';
      return;
    }
    counted.textContent = `${count.toLocaleString('en')} of ${source.total.toLocaleString('en')}`;
    table.fold();
    table.show(count);
  }
  await showSample();
}

function showTab() {
  document.querySelectorAll('nav a').forEach((link) => {
    if (link.dataset.tab === state.tab) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    link.href = address({ tab: link.dataset.tab, id: '' });
  });
  const make = { overview, drops: dropsPage, review: () => pages.review };
  if (make[state.tab]) pages[state.tab] ??= make[state.tab]();
  const main = document.querySelector('main');
  const wanted = state.tab === 'samples' ? [bar, table.root] : [pages[state.tab]];
  if (main.dataset.tab !== state.tab) {
    main.dataset.tab = state.tab;
    main.replaceChildren(...wanted);
    if (state.tab === 'samples') table.body.focus({ preventScroll: true });
  }
}

async function showSample() {
  if (state.tab === 'samples' && undecided.has(state.id)) {
    const place = facts.review.items.findIndex((item) => item.id === state.id);
    history.replaceState(null, '', address({ tab: 'review', id: '' }));
    await follow();
    pages.review.go(place);
    return;
  }
  const id = state.tab === 'samples' ? state.id : '';
  if (!id) {
    side.hidden = true;
    document.body.classList.remove('open');
    panel = null;
    table.draw(true);
    return;
  }
  if (panel?.id === id) return;
  const record = await source.byId(id);
  if (state.id !== id) return;
  const root = record ? await samplePanel(record, () => go({ id: '' })) : el('p', { class: 'lost' }, `There is no sample ${id} here.`);
  panel = { id, root };
  const place = record ? source.placeOf(record.row) : -1;
  if (place >= 0) table.choose(place, false);
  side.replaceChildren(root);
  side.hidden = false;
  side.scrollTop = 0;
  document.body.classList.add('open');
  table.fold();
}

function theme() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const now = document.documentElement.dataset.theme || (dark ? 'dark' : 'light');
  document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark';
}

const KEYS = [
  ['/', 'filter'], ['↑ ↓', 'row above or below'], ['Enter', 'open a sample'], ['Escape', 'close'], ['Space', 'play the window'],
  ['g', 'next tab'], ['t', 'dark or light'], ['?', 'keys'],
];

function help() {
  const dialog = el('dialog', { class: 'help' }, el('h2', {}, 'keys'), el('table', { class: 'plain' },
    [...KEYS, ...(facts.review ? REVIEW_KEYS : [])].map(([key, words]) => el('tr', {}, el('th', {}, el('kbd', {}, key)), el('td', {}, words)))),
  button('close', 'close', () => dialog.close()));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function typed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog')) return;
  if (event.target.matches('input, textarea, select')) {
    if (event.key === 'Escape') event.target.blur();
    return;
  }
  if (state.tab === 'review' && pages.review?.key?.(event)) return event.preventDefault();
  const next = TABS[(TABS.findIndex(([name]) => name === state.tab) + 1) % TABS.length][0];
  const actions = {
    '/': () => { if (state.tab !== 'samples') go({ tab: 'samples' }); field.focus(); },
    Escape: () => state.id && go({ id: '' }),
    ' ': () => panel?.root.video && play(panel.root.video, panel.root.spans[0]),
    g: () => go({ tab: next, id: '' }), t: theme, '?': help,
  };
  if (!actions[event.key]) return;
  if (event.key === ' ' && (!panel?.root.video || event.target.matches('button, summary, a'))) return;
  event.preventDefault();
  actions[event.key]();
}

function start() {
  document.getElementById('page').replaceChildren(
    el('header', { class: 'top' }, el('h1', { dir: 'auto' }, facts.title),
      el('nav', {}, TABS.map(([name, words]) => el('a', { 'data-tab': name, href: '#' }, words))),
      button('◐', 'dark or light (t)', theme), button('?', 'keys (?)', help)),
    el('div', { class: 'columns' }, el('main', {}), side));
  let wait = 0;
  field.addEventListener('input', () => {
    clearTimeout(wait);
    wait = setTimeout(() => { history.replaceState(null, '', address({ filter: field.value.trim(), tab: 'samples' })); follow(); }, 150);
  });
  field.addEventListener('keydown', (event) => event.key === 'Enter' && table.body.focus());
  document.addEventListener('keydown', typed);
  addEventListener('popstate', follow);
  addEventListener('hashchange', follow);
  follow().then(() => { document.documentElement.dataset.ready = '1'; });
}

start();
