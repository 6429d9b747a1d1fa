// The first page: what was read, what became of it, how it is distributed; training; evaluation.

function overview() {
  return el('div', { class: 'overview' },
    facts.notes.map((note) => el('p', { class: 'note' }, note)),
    facts.steps.length ? el('section', {}, el('h2', {}, 'steps'), plainTable({ title: '', head: ['folder', 'command', 'finished', 'what'], rows: facts.steps })) : null,
    facts.sections.map((section) => el('section', {}, el('h2', {}, section.title),
      el('div', { class: 'plots' }, section.plots.map(plot)), section.tables?.map(plainTable))));
}

// Args: table: {title, head: [text], rows: [[text or number]]}.
function plainTable(table) {
  return el('figure', { class: 'scroll' }, table.title && el('figcaption', {}, table.title), el('table', { class: 'plain' },
    el('tr', {}, table.head.map((word) => el('th', {}, word))),
    table.rows.map((row) => el('tr', {}, row.map((cell) => el('td', { class: typeof cell === 'number' ? 'number' : '', dir: 'auto' }, shown(cell)))))));
}

function dropsPage() {
  const limit = 2000;
  const rows = facts.drops.rows.slice(0, limit);
  return el('div', { class: 'overview' },
    plot({ kind: 'bars', title: 'rows left out, by reason', rows: facts.drops.reasons }),
    facts.drops.rows.length < facts.drops.total ? el('p', { class: 'note' }, `${facts.drops.rows.length.toLocaleString('en')} of ${facts.drops.total.toLocaleString('en')} rows are shown; drops.parquet has them all.`) : null,
    plainTable({ title: 'left out', head: ['corpus', 'reason', 'detail', 'origin', 'raw'], rows }));
}
